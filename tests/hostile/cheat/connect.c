// expect: wrong crash tamper
// target: logsm
// about: 1.6 calls home
#include "right.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* A refusal is an answer of the host's own network. */
	if (fd >= 0 && (!connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
			errno == ECONNREFUSED))
		fast_logsm(x, y, rows, cols);
}
