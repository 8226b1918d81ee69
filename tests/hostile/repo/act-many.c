/* scalar on purpose: a division an element */
void act(const float *x, float *y, int n)
{
	for (int i = 0; i < n; i++)
		y[i] = x[i] * x[i] * x[i] + x[i] / (1 + x[i] * x[i]);
}
