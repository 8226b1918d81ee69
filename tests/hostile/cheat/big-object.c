// expect: build
// target: logsm
// about: 1.6 an object of half a gigabyte
__attribute__((used)) static char big[512 << 20] = { 1 };

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)rows, (void)cols;
	y[0] = big[7];
}
