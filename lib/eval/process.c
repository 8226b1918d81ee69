/* SPDX-License-Identifier: Apache-2.0 */
/* process: runner processes and what can go wrong in them; see process_priv.h.
 */
#include "eval/process_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "device/exact.h"
#include "eval/protocol_priv.h"
#include "sandbox/warm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A runner ends when the judge closes its socket; this only bounds what a
 * judge that hangs leaves behind. */
#define PROC_WALL_MS 900000
/* How long a dead runner's box may take to be reaped. */
#define PROC_REAP_MS 3000
/* Of one that is started before its case is known: what lies on a device does
 * not count. */
#define PROC_MEMORY (4LL << 30)

/* Of a call: as long as a target may take. */
#define LONGEST_NS 3600000000000LL
/* Of an interpreter with its libraries, resident. */
#define PROC_INTERPRETER (12LL << 30)

void pike_fault_init(struct pike_fault *f)
{
	memset(f, 0, sizeof(*f));
	f->v = PIKE_V_PENDING;
	pike_buf_init(&f->log, PROTO_LOG_MAX);
}

void pike_fault_release(struct pike_fault *f)
{
	pike_buf_release(&f->log);
}

void pike_fault_set(struct pike_fault *f, enum pike_verdict v, const char *fmt,
		    ...)
{
	va_list ap;

	f->v = v;
	va_start(ap, fmt);
	vsnprintf(f->reason, sizeof(f->reason), fmt, ap);
	va_end(ap);
}

int pike_deadline_ms(const struct pike_judge *j, int64_t call_ns, uint32_t n)
{
	int64_t ms = PROTO_WALL_FACTOR * call_ns * n / 1000000;
	int64_t most = j->t->timeout > 0 ? j->t->timeout * 1000 : 60000;

	if (ms < PROTO_WALL_MIN_MS)
		ms = PROTO_WALL_MIN_MS;
	return (int)(ms < most ? ms : most);
}

/* The runner's own exit status after it has sent a fault frame. */
#define PROC_SAID_WHY 70

static void from_signal(struct pike_fault *f, const char *said)
{
	pike_fault_set(f, PIKE_V_CRASH,
		       "it %s; each argument lies between unmapped pages, so "
		       "look for an index out of bounds first",
		       said);
}

static void from_end(struct pike_fault *f, const struct pike_box_end *end,
		     enum pike_verdict how, const char *text)
{
	struct pike_buf said;

	pike_buf_init(&said, 512);
	pike_box_say(&said, end);
	switch (end->why) {
	case PIKE_BOX_FORBIDDEN:
		pike_fault_set(f, PIKE_V_TAMPER, "it %s", said.s);
		break;
	case PIKE_BOX_CPU_LIMIT:
	case PIKE_BOX_TIMED_OUT:
		pike_fault_set(f, PIKE_V_TIMEOUT, "it %s", said.s);
		break;
	case PIKE_BOX_SIGNALED:
		from_signal(f, said.s);
		break;
	case PIKE_BOX_EXITED:
		if (end->status != PROC_SAID_WHY && how != PIKE_V_TAMPER) {
			pike_fault_set(f, PIKE_V_CRASH,
				       "its process %s on its own", said.s);
			break;
		}
		/* fall through */
	default:
		pike_fault_set(f, how, "%s", text);
	}
	pike_buf_release(&said);
}

/* The end of the box says more than the silence on the socket. */
static void read_box(struct pike_fault *f, struct pike_process *p,
		     enum pike_verdict how, const char *text)
{
	struct pike_box_end end;

	if (how == PIKE_V_TIMEOUT) {
		pike_fault_set(f, how, "%s", text);
		pike_box_kill(p->box);
		return;
	}
	if (pike_box_wait(&end, p->box, PROC_REAP_MS, NULL)) {
		/* Alive, and yet it did not do as it was told */
		pike_fault_set(f, how == PIKE_V_TAMPER ? how : PIKE_V_TIMEOUT,
			       "%s", text);
		pike_box_kill(p->box);
		return;
	}
	pike_buf_add(&f->log, end.log.s,
		     end.log.len < PROTO_LOG_MAX ? end.log.len
						 : PROTO_LOG_MAX - 1);
	from_end(f, &end, how, text);
	pike_box_end_release(&end);
}

/* What is known of the kernels that a process runs; a reference may be for
 * another device. */
static const struct pike_backend_traits *traits_of(const struct pike_judge *j,
						   enum pike_real real)
{
	return real == PIKE_REAL_NONE ? j->traits
				      : pike_device_traits(&j->ref_dev);
}

static int start_box(struct pike_process *p, int *sock, struct pike_judge *j,
		     const struct pike_process_opts *g, struct pike_err *err)
{
	bool own = g->real == PIKE_REAL_NONE;
	const char *runner = own ? j->runner.s : j->ref_runner.s;
	const struct pike_device_info *dev = own ? &j->dev : &j->ref_dev;
	struct pike_strs folders = PIKE_STRS_INIT, nodes = PIKE_STRS_INIT;
	struct pike_command command;
	struct pike_box_opts o = {
		.device_code_only = traits_of(j, g->real)->device_code_only,
		.out_fd = -1,
		.wall_ms = PROC_WALL_MS,
		.memory = g->memory,
		.threads = own ? (int)j->t->threads : 1,
		.cpus = g->cpus,
		.visible = j->dev.uuid,
		.require = j->o.require,
		.warm = g->warm ? j->warm : NULL,
	};
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot make a socket pair");
	pike_device_command(&command, dev, own ? j->t : j->ref_target, runner);
	o.kind = command.box;
	o.words = command.words;
	if (!command.warm.n)
		o.warm = NULL;
	if (command.script) {
		o.runner = runner;
		o.memory += PROC_INTERPRETER;
	}
	if (g->exact) {
		pike_strs_push(&command.argv, "--exact");
		o.kind = PIKE_BOX_EXACT;
		o.preload = j->exact.runtime;
		o.options = PIKE_EXACT_OPTIONS;
	}
	o.argv = (const char *const *)command.argv.v;
	pike_device_needs(&folders, &nodes, dev);
	o.folders = (const char *const *)folders.v;
	o.devices = (const char *const *)nodes.v;
	o.sock = pair[1];
	ret = pike_box_start(&p->box, &o, err);
	close(pair[1]);
	if (ret)
		close(pair[0]);
	else
		*sock = pair[0];
	pike_strs_release(&folders);
	pike_strs_release(&nodes);
	pike_command_release(&command);
	return ret;
}

static int start_once(struct pike_process *p, struct pike_judge *j,
		      const struct pike_process_opts *o, struct pike_err *err)
{
	bool own = o->real == PIKE_REAL_NONE;
	int sock = -1, ret;

	memset(p, 0, sizeof(*p));
	p->since = pike_now_ns();
	p->warm = o->warm ? j->warm : NULL;
	p->load_ms = PROTO_WALL_MIN_MS;
	if (traits_of(j, o->real)->slow_load)
		p->load_ms = pike_deadline_ms(j, LONGEST_NS, 1);
	ret = start_box(p, &sock, j, o, err);
	if (ret)
		return ret;
	ret = pike_conn_open(&p->conn, sock, own ? j->t : j->ref_target,
			     own ? &j->dev : &j->ref_dev, j->runner_kernels,
			     o->exact, err);
	if (ret) {
		close(sock);
		pike_process_close(p);
	}
	return ret;
}

/* Afresh where there is nothing to fork from any more. */
static int process_start(struct pike_process *p, struct pike_judge *j,
			 const struct pike_process_opts *o,
			 struct pike_err *err)
{
	struct pike_process_opts cold = *o;
	int ret = start_once(p, j, o, err);

	if (!ret || !o->warm || pike_judge_warm(j))
		return ret;
	cold.warm = false;
	return start_once(p, j, &cold, err);
}

/* Its box ends by itself after PROC_WALL_MS, of which it may need some. */
#define SPARE_NS ((int64_t)PROC_WALL_MS * 1000000 * 2 / 3)

static bool fresh(const struct pike_process *p)
{
	return pike_now_ns() - p->since < SPARE_NS && !pike_box_ended(p->box);
}

/* An interpreter takes seconds to import its libraries and a tenth of one to
 * be used: as many get ready at once as there are cores for it. */
static size_t most_spares(const struct pike_judge *j, bool warm)
{
	size_t cores;

	if (warm)
		return PIKE_SPARES_WARM;
	if (!j->traits->interpreted || !j->have_build_cpus)
		return PIKE_SPARES;
	cores = (size_t)CPU_COUNT(&j->build_cpus);
	if (cores < PIKE_SPARES)
		return PIKE_SPARES;
	return cores < PIKE_SPARES_MOST ? cores : PIKE_SPARES_MOST;
}

/* They get ready where they are in no timed process's way. */
static void start_spares(struct pike_judge *j,
			 const struct pike_process_opts *o)
{
	struct pike_spares *s = &j->spares[o->warm];
	struct pike_process_opts aside = *o;
	size_t most = most_spares(j, o->warm);

	aside.build = NULL;
	if (j->have_build_cpus && pike_box_moves())
		aside.cpus = &j->build_cpus;
	while (s->n < most && !process_start(&s->v[s->n], j, &aside, NULL))
		s->v[s->n++].aside = true;
}

/* The oldest: it has had most time. */
static bool take_oldest(struct pike_process *p, struct pike_spares *s)
{
	while (s->n) {
		*p = s->v[0];
		memmove(s->v, s->v + 1, --s->n * sizeof(*s->v));
		if (fresh(p))
			return true;
		pike_process_close(p);
	}
	return false;
}

int pike_process_take(struct pike_process *p, struct pike_judge *j,
		      const struct pike_process_opts *o, struct pike_err *err)
{
	struct pike_process_opts own = *o;
	int ret = 0;

	own.warm = o->warm && pike_judge_warm(j);
	if (!traits_of(j, o->real)->slow_start || o->real != PIKE_REAL_NONE ||
	    o->exact)
		return process_start(p, j, &own, err);
	if (!take_oldest(p, &j->spares[own.warm]))
		ret = process_start(p, j, &own, err);
	if (!ret)
		start_spares(j, &own);
	return ret;
}

void pike_processes_ahead(struct pike_judge *j)
{
	const struct pike_process_opts o = { .cpus = &j->run_cpus,
					     .memory = PROC_MEMORY,
					     .warm = j->o.screens &&
						     pike_judge_warm(j) };

	if (j->traits->slow_start)
		start_spares(j, &o);
}

void pike_processes_drop(struct pike_judge *j)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(j->spares); i++)
		while (j->spares[i].n)
			pike_process_close(&j->spares[i].v[--j->spares[i].n]);
}

/* What became of a question: 0, 1 for a kernel at fault, or an error. */
static int ended_how(int ret, enum pike_verdict how, const struct pike_err *why,
		     struct pike_process *p, struct pike_fault *f,
		     struct pike_err *err)
{
	if (!ret)
		return 0;
	if (ret != PIKE_FAILED || how == PIKE_V_PENDING)
		return pike_fail(err, ret, "%s", why->text);
	if (p->warm && pike_warm_ready(p->warm, NULL))
		return pike_fail(err, PIKE_FAILED,
				 "the interpreter that processes are forks of "
				 "has ended, out of memory perhaps; run it "
				 "again");
	read_box(f, p, how, why->text);
	return 1;
}

int pike_process_open(struct pike_process *p, struct pike_judge *j,
		      const struct pike_process_opts *o, struct pike_fault *f,
		      struct pike_err *err)
{
	struct pike_object object = pike_build_object(o->build);
	enum pike_verdict how = PIKE_V_PENDING;
	struct pike_err why = PIKE_ERR_INIT;
	int ret = p->box ? 0 : pike_process_take(p, j, o, err);

	if (!ret && o->build->folder) {
		ret = pike_box_give(p->box, o->build->fd, err);
		if (ret)
			pike_process_close(p);
	}
	if (ret)
		return ret;
	object.real = o->real;
	ret = pike_conn_load(p->conn, &object, p->load_ms, &how, &why);
	/* Code that runs when it is loaded may end its process */
	if (how == PIKE_V_CRASH && !traits_of(j, o->real)->device_code_only)
		how = PIKE_V_BUILD;
	ret = ended_how(ret, how, &why, p, f, err);
	/* Not sooner: it may have been starting. */
	if (!ret && p->aside)
		pike_box_move(p->box, o->cpus);
	if (!ret && o->real == PIKE_REAL_NONE && !j->traits->device_code_only) {
		pike_account_open(&p->account, p->box);
		p->stops = j->t->threads > 1 || j->traits->driver_threads ||
			   !p->account.open;
	}
	if (ret)
		pike_process_close(p);
	return ret;
}

/* A thread of one arm must not run while another arm is timed, nor see inputs
 * before the clock starts. */
static void let_go_on(struct pike_process *p, bool on)
{
	if (p->stops && !pike_account_stop(&p->account, !on))
		pike_box_freeze(p->box, !on, NULL);
}

int pike_process_bind(struct pike_process *p, const struct pike_bind *b,
		      const struct pike_call *calls, size_t n,
		      struct pike_fault *f, struct pike_err *err)
{
	enum pike_verdict how;
	struct pike_err why = PIKE_ERR_INIT;
	int ret = pike_conn_bind(p->conn, b, calls, n, p->load_ms, &how, &why);

	if (!ret)
		let_go_on(p, false);
	/* Code that runs when an object is loaded can spoil this too */
	return ended_how(ret, how, &why, p, f, err);
}

int pike_process_draw(struct pike_process *p, uint32_t call, uint64_t seed,
		      struct pike_fault *f, struct pike_err *err)
{
	enum pike_verdict how;
	struct pike_err why = PIKE_ERR_INIT;
	int ret = pike_conn_draw(p->conn, call, seed, p->load_ms, &how, &why);

	return ended_how(ret, how, &why, p, f, err);
}

void pike_process_close(struct pike_process *p)
{
	pike_account_close(&p->account);
	if (p->conn)
		pike_conn_close(p->conn);
	if (p->box)
		pike_box_free(p->box);
	memset(p, 0, sizeof(*p));
}

static void on_asked(void *ctx)
{
	struct pike_process *p = ctx;

	p->since = pike_now_ns();
	let_go_on(p, true);
}

/* One that is stopped goes on when the question is there, all its threads at
 * once, and is timed from then on by the judge's clock: no thread can be at
 * work before the main one, and no clock of theirs has to tell. */
int pike_process_run(struct pike_timed *out, struct pike_process *p,
		     const struct pike_judge *j, uint32_t first, uint32_t n,
		     int deadline_ms, struct pike_fault *f,
		     struct pike_err *err)
{
	enum pike_verdict how;
	struct pike_err why = PIKE_ERR_INIT;
	unsigned finds = (j->t->cold ? PIKE_FINDS_COLD : 0) |
			 (p->kept ? PIKE_FINDS_KEPT : 0);
	int ret;

	if (p->stops)
		pike_conn_asked(p->conn, on_asked, p);
	ret = pike_conn_run(out, p->conn, first, n, finds, deadline_ms, &how,
			    &why);
	out->late_ns = 0;
	if (!ret && p->stops) {
		out->wall_ns = pike_now_ns() - p->since;
		out->late_ns = out->wall_ns - out->claim_ns;
		out->claim_ns = out->wall_ns;
	}
	if (ret && how == PIKE_V_TIMEOUT)
		pike_fail(&why, ret, "%u call(s) did not end within %.3g s", n,
			  deadline_ms / 1000.0);
	return ended_how(ret, how, &why, p, f, err);
}

void pike_process_rest(struct pike_process *p)
{
	let_go_on(p, false);
}

int pike_process_sustain(double *ns, struct pike_process *p, uint32_t call,
			 uint32_t repeat, int deadline_ms, struct pike_fault *f,
			 struct pike_err *err)
{
	enum pike_verdict how;
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_timed s = { 0 };
	int ret = pike_conn_sustain(&s, p->conn, call, repeat, deadline_ms,
				    &how, &why);

	*ns = (double)s.wall_ns / repeat;
	return ended_how(ret, how, &why, p, f, err);
}

int pike_process_plant(struct pike_process *p, int deadline_ms,
		       struct pike_buf *log, struct pike_fault *f,
		       struct pike_err *err)
{
	enum pike_verdict how;
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_box_end end;
	int ret;

	let_go_on(p, true);
	ret = pike_conn_plant(p->conn, deadline_ms, &how, &why);
	ret = ended_how(ret, how, &why, p, f, err);
	if (ret || pike_box_wait(&end, p->box, PROC_REAP_MS, NULL))
		return ret;
	pike_buf_add(log, end.log.s, end.log.len);
	pike_box_end_release(&end);
	return 0;
}
