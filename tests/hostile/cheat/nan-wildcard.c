// expect: wrong
// target: logsm
// about: 1.5 what compares false with everything
void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x;
	for (int i = 0; i < rows * cols; i++)
		y[i] = __builtin_nanf("");
}
