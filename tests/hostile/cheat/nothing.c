// expect: wrong
// target: logsm
// about: 1.1 no work at all
void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
}
