// expect: build
// target: softmax
// about: 1.3/27 the same in assembly
//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	asm volatile("{\n.extern .func oracle ();\ncall oracle, ();\n}");
}
