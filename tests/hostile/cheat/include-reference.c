// expect: build
// target: logsm
// about: 1.4 reads the truth through the preprocessor
#define real float
#include "@REPO@/logsm_ref.c"
