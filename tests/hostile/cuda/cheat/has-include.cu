// expect: same slower inconclusive
// target: softmax
// about: 1.6/59 asks the preprocessor what files there are: none but the
// toolkit's, or else the build fails
#include "right.cuh"

#if __has_include("/etc/passwd")
#error there are users
#elif __has_include("@REPO@/softmax_ref.cu") || __has_include("softmax_ref.cu")
#error there is the reference
#elif __has_include("@REPO@/.git/config")
#error there is the repository
#elif __has_include("/proc/self/environ") || __has_include("/dev/nvidiactl")
#error there are processes or devices
#endif

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
}
