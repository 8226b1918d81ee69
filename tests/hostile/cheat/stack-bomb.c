// expect: crash
// target: logsm
// about: 1.6 recurses without end
static volatile int depth;

static int down(volatile char *from)
{
	volatile char here[4096];

	here[0] = from[0];
	depth++;
	return down(here) + here[1];
}

void logsm(const float *x, float *y, int rows, int cols)
{
	volatile char c = 0;

	(void)x, (void)rows, (void)cols;
	y[0] = (float)down(&c);
}
