// expect: build
// target: softmax
// about: 1.6/59 a file's name made by macros, to read the repository
#define TEXT(x) #x
#define NAME(x) TEXT(x)
#include NAME(@REPO@/.git/config)

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
}
