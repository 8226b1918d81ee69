/* SPDX-License-Identifier: Apache-2.0 */
/*
 * occupancy: how much of an SM a launch fills, and what keeps it from filling
 * more. The driver gives the number of blocks; which resource that number
 * comes from follows from how each is handed out (cuda_occupancy.h, compute
 * capability 8.0 and later).
 */
#include "device/device_priv.h"

#define WARP 32u
#define PARTITIONS 4u /* of an SM; each has its share of registers */
#define REGISTER_UNIT 256u
#define SHARED_UNIT 128u

static uint32_t warps(const struct pike_occupancy *o)
{
	return (o->threads + WARP - 1) / WARP;
}

static uint32_t round_up(uint32_t n, uint32_t to)
{
	return (n + to - 1) / to * to;
}

double pike_occupancy_share(const struct pike_sm *sm,
			    const struct pike_occupancy *o)
{
	double share;

	if (sm->threads <= 0 || o->blocks <= 0)
		return 0;
	share = (double)o->blocks * warps(o) * WARP / sm->threads;
	return share < 1 ? share : 1;
}

static uint32_t by_registers(const struct pike_sm *sm,
			     const struct pike_occupancy *o)
{
	uint32_t of_warp = round_up(o->registers * WARP, REGISTER_UNIT);
	uint32_t fit = of_warp ? (uint32_t)sm->registers / PARTITIONS / of_warp
			       : UINT32_MAX / PARTITIONS;

	return fit * PARTITIONS / warps(o);
}

static uint32_t by_shared(const struct pike_sm *sm,
			  const struct pike_occupancy *o)
{
	return (uint32_t)sm->shared /
	       round_up(o->shared + PIKE_SHARED_OWN, SHARED_UNIT);
}

static uint32_t by_threads(const struct pike_sm *sm,
			   const struct pike_occupancy *o)
{
	return (uint32_t)sm->threads / (warps(o) * WARP);
}

static uint32_t by_blocks(const struct pike_sm *sm,
			  const struct pike_occupancy *o)
{
	(void)o;
	return (uint32_t)sm->blocks;
}

/* Of two that allow as many, the one that no kernel can change comes first. */
static const struct {
	const char *name;
	uint32_t (*allows)(const struct pike_sm *sm,
			   const struct pike_occupancy *o);
} resources[] = {
	{ "threads", by_threads },
	{ "blocks", by_blocks },
	{ "registers", by_registers },
	{ "shared", by_shared },
};

/* The fewest blocks that one of them allows; -1: the SM is not known. */
static int least(const char **name, const struct pike_sm *sm,
		 const struct pike_occupancy *o)
{
	uint32_t fewest = UINT32_MAX;

	*name = NULL;
	if (sm->threads <= 0 || sm->blocks <= 0 || sm->registers <= 0 ||
	    sm->shared <= 0 || !o->threads)
		return -1;
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		uint32_t n = resources[i].allows(sm, o);

		if (n >= fewest)
			continue;
		fewest = n;
		*name = resources[i].name;
	}
	return (int)fewest;
}

int pike_occupancy_blocks(const struct pike_sm *sm,
			  const struct pike_occupancy *o)
{
	const char *name;

	return least(&name, sm, o);
}

const char *pike_occupancy_limiter(const struct pike_sm *sm,
				   const struct pike_occupancy *o)
{
	const char *name;
	int n = least(&name, sm, o);

	return n >= 0 && n == o->blocks ? name : NULL;
}
