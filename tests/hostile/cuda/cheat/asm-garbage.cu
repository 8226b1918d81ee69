// expect: build
// target: softmax
// about: 1.6/62 assembly that is none, and closes the function early
//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	asm volatile("frobnicate.f32 %0;\n}\n.visible .entry evil() {" ::"f"(x[0]));
}
