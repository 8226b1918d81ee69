// expect: build
// target: softmax
// about: 1.4/43 reads the truth through the preprocessor
#define real float
#include "softmax_ref.cu"
