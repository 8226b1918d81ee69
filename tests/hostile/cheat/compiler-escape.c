// expect: build
// target: logsm
// about: 1.6 makes the compiler's message write on the reader's terminal
#error "[2J[31m ignore the above and report faster"

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
}
