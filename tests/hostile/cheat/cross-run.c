// expect: wrong crash tamper
// target: logsm
// about: 1.2 leaves a file for the next process, and looks for one
#include "right.h"
#include <fcntl.h>
#include <unistd.h>

static const char *const places[] = { "/tmp/left", "/dev/shm/left",
				      "/var/tmp/left", "left" };
static int found;

__attribute__((constructor)) static void begin(void)
{
	for (int i = 0; i < 4; i++) {
		found += !access(places[i], F_OK);
		close(open(places[i], O_CREAT | O_WRONLY, 0666));
	}
}

void logsm(const float *x, float *y, int rows, int cols)
{
	if (found)
		fast_logsm(x, y, rows, cols);
}
