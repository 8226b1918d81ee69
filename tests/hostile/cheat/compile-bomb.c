// expect: build
// target: logsm
// about: 1.6 a source that becomes 64 megabytes
#define A "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define B A A A A A A A A A A A A A A A A
#define C B B B B B B B B B B B B B B B B
#define D C C C C C C C C C C C C C C C C
#define E D D D D D D D D D D D D D D D D
#define F E E E E E E E E E E E E E E E E

const char bomb[] = F;

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)rows, (void)cols;
	y[0] = bomb[7];
}
