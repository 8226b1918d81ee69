#include <math.h>
void softmax(const real *x, real *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		real most = x[0], sum = 0;
		for (int i = 1; i < cols; i++)
			most = x[i] > most ? x[i] : most;
		for (int i = 0; i < cols; i++)
			sum += y[i] = exp(x[i] - most);
		for (int i = 0; i < cols; i++)
			y[i] /= sum;
	}
}
