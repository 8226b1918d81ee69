// expect: build
// target: softmax
// about: 1.4/43 reads the truth by its path
#define real float
#include "@REPO@/softmax_ref.cu"

//pike: launch softmax grid=(rows) block=(128)
