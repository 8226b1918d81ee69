// expect: build
// target: softmax
// about: 1.6/59 macros that expand to 2^40 words
#define A(x) x x x x x x x x x x x x x x x x
#define B(x) A(A(x))
#define C(x) B(B(x))
#define D(x) C(C(x)) B(x)

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	D(y[0] += x[0];)
}
