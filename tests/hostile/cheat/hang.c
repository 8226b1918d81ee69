// expect: timeout
// target: logsm
// about: 1.6 never returns
void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	for (volatile int i = 0;; i++)
		;
}
