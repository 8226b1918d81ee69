#include <math.h>
#define LAST cols
void softmax(const float *x, float *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		float most = x[0], sum = 0;
		for (int i = 1; i < cols; i++)
			most = x[i] > most ? x[i] : most;
		for (int i = 0; i < cols; i++)
			sum += y[i] = expf(x[i] - most);
		for (int i = 0; i < LAST; i++)
			y[i] /= sum;
	}
}
