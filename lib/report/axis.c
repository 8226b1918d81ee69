/* SPDX-License-Identifier: Apache-2.0 */
/* axis: round values along a line, linear or logarithmic. */
#include "report/page_priv.h"

#include <math.h>

/* Steps of 1, 2 or 5 times a power of ten, about `want` of them. */
static double step_of(double range, int want)
{
	double rough = range / want;
	double power = pow(10, floor(log10(rough)));
	double rest = rough / power;

	return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

/* Ends of a logarithmic axis: 1, 1.25, 1.5, 2, 3, 5, 7.5 times a power of
 * ten, so that a speedup of 1.3 does not lie on an axis up to 10. */
static const double rounds[] = { 1, 1.25, 1.5, 2, 3, 5, 7.5, 10 };
#define NROUNDS (sizeof(rounds) / sizeof(rounds[0]))

static double round_up(double v)
{
	double power = pow(10, floor(log10(v)));

	for (size_t i = 0; i < NROUNDS; i++)
		if (rounds[i] * power >= v * (1 - 1e-9))
			return rounds[i] * power;
	return 10 * power;
}

static double round_down(double v)
{
	double power = pow(10, floor(log10(v)));

	for (size_t i = NROUNDS; i-- > 0;)
		if (rounds[i] * power <= v * (1 + 1e-9))
			return rounds[i] * power;
	return power;
}

void pike_axis_fit(struct pike_axis *a)
{
	double step;

	if (a->log) {
		a->lo = round_down(a->lo);
		a->hi = round_up(a->hi);
		if (a->hi <= a->lo * 1.01)
			a->hi = round_up(a->lo * 1.2);
		return;
	}
	if (a->hi <= a->lo)
		a->hi = a->lo + 1;
	step = step_of(a->hi - a->lo, 5);
	a->lo = floor(a->lo / step + 1e-9) * step;
	a->hi = ceil(a->hi / step - 1e-9) * step;
}

double pike_axis_at(const struct pike_axis *a, double v)
{
	double part = a->log ? log(v / a->lo) / log(a->hi / a->lo)
			     : (v - a->lo) / (a->hi - a->lo);

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return a->from + part * (a->to - a->from);
}

/* Too close to the tick before, as the eye sees it? */
static bool crowded(const double *out, size_t n, const struct pike_axis *a,
		    double v)
{
	double room = fabs(a->to - a->from) / (PIKE_TICKS - 2);

	return n &&
	       fabs(pike_axis_at(a, v) - pike_axis_at(a, out[n - 1])) < room;
}

static size_t log_ticks(double out[PIKE_TICKS], const struct pike_axis *a)
{
	double power = pow(10, floor(log10(a->lo)));
	size_t n = 0;

	for (; power <= a->hi && n < PIKE_TICKS; power *= 10)
		for (size_t i = 0; i + 1 < NROUNDS && n < PIKE_TICKS; i++) {
			double v = rounds[i] * power;

			if (v >= a->lo * (1 - 1e-9) &&
			    v <= a->hi * (1 + 1e-9) && !crowded(out, n, a, v))
				out[n++] = v;
		}
	return n;
}

size_t pike_axis_ticks(double out[PIKE_TICKS], const struct pike_axis *a)
{
	double step;
	size_t n = 0;

	if (a->log)
		return log_ticks(out, a);
	step = step_of(a->hi - a->lo, 5);
	for (int i = 0; n < PIKE_TICKS; i++) {
		double v = a->lo + i * step;

		if (v > a->hi + step / 1000)
			break;
		out[n++] = fabs(v) < step / 1000 ? 0 : v;
	}
	return n;
}
