/* SPDX-License-Identifier: Apache-2.0 */
/* split: writes both halves of a file out of what was chosen of it. */
#include "model/split.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/rtc_priv.h"
#include "model/split_priv.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (4u << 20)

void pike_split_file_release(struct pike_split_file *f)
{
	free(f->device);
	free(f->rest);
	f->device = f->rest = NULL;
}

/* ---- may NVRTC include a header as it is? ---- */

static const char *base_name(const char *path, size_t n, size_t *len)
{
	const char *slash = memrchr(path, '/', n);

	*len = slash ? (size_t)(path + n - slash - 1) : n;
	return path + n - *len;
}

static const struct pike_unit *unit_named(const struct pike_units *u,
					  const char *name, size_t n)
{
	size_t len, other;
	const char *base = base_name(name, n, &len);

	for (size_t i = 1; i < u->n; i++) {
		const char *path = u->v[i].file->path;
		const char *at = base_name(path, strlen(path), &other);

		if (other == len && !memcmp(at, base, len))
			return &u->v[i];
	}
	return NULL;
}

static bool clean_include(const struct pike_units *u,
			  const struct pike_chunks *p, size_t i)
{
	const char *line = p->text + p->v[i].at, *name;
	size_t n = p->v[i].stop - p->v[i].at, len, row;
	const struct pike_unit *other;

	name = pike_include_name(line, n, '>', &len);
	if (name)
		return pike_rtc_header(name, len, &row) != PIKE_RTC_HOST;
	name = pike_include_name(line, n, '"', &len);
	other = name ? unit_named(u, name, len) : NULL;
	return other && other->clean;
}

/* A *.cu is the source of another target, and no header of this one. */
static bool is_clean(const struct pike_units *u, const struct pike_unit *unit)
{
	const struct pike_chunks *p = &unit->p;

	if (pike_ends_with(unit->file->path, ".cu"))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const struct pike_chunk *v = &p->v[i];

		if (pike_chunk_hidden(p, i))
			continue;
		if (v->kind == PIKE_CHUNK_INCLUDE && !clean_include(u, p, i))
			return false;
		if (v->kind == PIKE_CHUNK_ITEM &&
		    !pike_chunk_says(p, i, "static_assert") &&
		    !pike_unit_may_move(u, p, i))
			return false;
	}
	return true;
}

/* ---- the half that moves ---- */

/* The notice of whose text it is, where the file begins with one. */
static void add_notice(struct pike_buf *out, const struct pike_chunks *p)
{
	const char *s = p->text + strspn(p->text, " \t\r\n"), *end = s;

	while (pike_starts_with(end, "//"))
		end += strcspn(end, "\n") + (end[strcspn(end, "\n")] != '\0');
	if (pike_starts_with(s, "/*") && strstr(s, "*/"))
		end = strstr(s, "*/") + 2;
	if (!memmem(s, (size_t)(end - s), "opyright", 8) &&
	    !memmem(s, (size_t)(end - s), "SPDX-License", 12))
		return;
	/* It may move with what stands right below it. */
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].keep && p->v[i].begin <= (size_t)(s - p->text))
			return;
	pike_buf_add(out, s, (size_t)(end - s));
	if (end > s && end[-1] != '\n')
		pike_buf_addc(out, '\n');
}

/* Headers of the names that are needed: the toolkit's, or those of C. */
static void name_headers(struct pike_strs *out, const bool *needed,
			 bool toolkit)
{
	for (size_t i = 0; i < pike_rtc_names(); i++) {
		const struct pike_rtc_name *row = pike_rtc_name_at(i);

		if (needed[i] && row->toolkit == toolkit &&
		    !pike_strs_has(out, row->header))
			pike_strs_push(out, row->header);
	}
}

static void add_includes(struct pike_buf *out, const struct pike_strs *headers)
{
	for (size_t i = 0; i < headers->n; i++)
		pike_buf_addf(out, "#include <%s>\n", headers->v[i]);
}

static void add_toolkit(struct pike_buf *out, const struct pike_units *u,
			const struct pike_unit *unit)
{
	struct pike_strs headers = PIKE_STRS_INIT;

	for (size_t f = 0; f < u->n; f++) {
		const struct pike_chunks *p = &u->v[f].p;

		for (size_t i = 0; i < p->n; i++) {
			const char *line = p->text + p->v[i].at, *name;
			size_t n = p->v[i].stop - p->v[i].at, len, row;
			char *copy;

			if (p->v[i].kind != PIKE_CHUNK_INCLUDE)
				continue;
			name = pike_include_name(line, n, '>', &len);
			if (!name ||
			    pike_rtc_header(name, len, &row) !=
				PIKE_RTC_TOOLKIT ||
			    !unit->headers[row])
				continue;
			copy = pike_xstrndup(name, len);
			if (!pike_strs_has(&headers, copy))
				pike_strs_push(&headers, copy);
			free(copy);
		}
	}
	name_headers(&headers, unit->names, true);
	add_includes(out, &headers);
	pike_strs_release(&headers);
}

/* What C's headers have and NVRTC has not. */
static void add_names(struct pike_buf *out, const bool *needed)
{
	struct pike_strs headers = PIKE_STRS_INIT;
	struct pike_buf rtc;

	pike_buf_init(&rtc, TEXT_MAX);
	name_headers(&headers, needed, false);
	for (size_t i = 0; i < pike_rtc_names(); i++) {
		const struct pike_rtc_name *row = pike_rtc_name_at(i);

		if (!needed[i])
			continue;
		if (row->text && row->text[0] == '#')
			pike_buf_addf(&rtc, "#ifndef %s\n%s\n#endif\n",
				      row->name, row->text);
		else if (row->text)
			pike_buf_addf(&rtc, "%s\n", row->text);
	}
	if (headers.n)
		pike_buf_adds(out, "#ifndef __CUDACC_RTC__\n");
	add_includes(out, &headers);
	if (rtc.len)
		pike_buf_addf(out, "#else /* NVRTC has no such headers */\n%s",
			      rtc.s);
	if (headers.n)
		pike_buf_adds(out, "#endif\n");
	pike_strs_release(&headers);
	pike_buf_release(&rtc);
}

/* From the folder of one file to a file that both have names of from the
 * kernel's. */
static void add_local(struct pike_buf *out, const char *from, const char *to)
{
	size_t dir = 0;

	for (size_t i = 0; from[i] && from[i] == to[i]; i++)
		if (from[i] == '/')
			dir = i + 1;
	pike_buf_adds(out, "#include \"");
	for (const char *p = from + dir; (p = strchr(p, '/')); p++)
		pike_buf_adds(out, "../");
	pike_buf_addf(out, "%s\"\n", to + dir);
}

/* The headers that what moves of the unit `at` may need. */
static void add_headers(struct pike_buf *out, const struct pike_units *u,
			size_t at)
{
	const char *from = u->v[at].file->device_name;

	for (size_t i = 1; i < (at ? at : u->n); i++)
		if (u->v[i].used)
			add_local(out, from,
				  u->v[i].clean ? u->v[i].file->name
						: u->v[i].file->device_name);
}

/* An empty line stands before it, or something that stays. */
static bool is_apart(const struct pike_chunks *p, size_t i)
{
	const struct pike_chunk *v = &p->v[i];
	const char *s = p->text + (i ? v[-1].end : 0);
	const char *end = p->text + v->begin;

	if (!i || !v[-1].keep)
		return true;
	for (; s < end; s++)
		if (*s == '\n')
			return true;
	return false;
}

/* `above`: between its comment and itself. */
static void add_chunk(struct pike_buf *out, const struct pike_chunks *p,
		      size_t i, const char *above)
{
	const struct pike_chunk *v = &p->v[i];

	if (is_apart(p, i) && out->len > 1 && out->s[out->len - 2] != '\n')
		pike_buf_addc(out, '\n');
	pike_buf_add(out, p->text + v->begin, v->at - v->begin);
	pike_buf_adds(out, above);
	pike_buf_add(out, p->text + v->at, v->end - v->at);
	if (out->len && out->s[out->len - 1] != '\n')
		pike_buf_addc(out, '\n');
}

/* The first #include of a header that is needed, or else of any; it may come
 * by way of that. */
static size_t first_include(const struct pike_units *u,
			    const struct pike_chunks *p)
{
	size_t any = p->n, len;

	for (size_t i = 0; i < p->n; i++) {
		const struct pike_chunk *v = &p->v[i];
		const struct pike_unit *unit;
		const char *name;

		if (v->kind != PIKE_CHUNK_INCLUDE)
			continue;
		name = pike_include_name(p->text + v->at, v->stop - v->at, '"',
					 &len);
		unit = name ? unit_named(u, name, len) : NULL;
		if (unit && unit->used)
			return i;
		if (unit && any == p->n)
			any = i;
	}
	return any;
}

/* Where what moves includes headers: behind what the old file says before it
 * does, which they may need. */
static size_t headers_at(const struct pike_units *u,
			 const struct pike_chunks *p)
{
	size_t at = first_include(u, p), last = 0;

	if (at == p->n)
		return 0;
	for (size_t up = p->v[at].up; up != PIKE_NO_CHUNK; up = p->v[up].up)
		if (p->v[up].keep)
			at = p->v[up].group;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].keep)
			last = i;
	return at < last ? at : 0;
}

static void add_chunks(struct pike_buf *out, const struct pike_units *u,
		       size_t at, const char *plan)
{
	const struct pike_chunks *p = &u->v[at].p;
	size_t headers = headers_at(u, p);

	if (!headers)
		add_headers(out, u, at);
	for (size_t i = 0; i < p->n; i++) {
		if (headers && i == headers)
			add_headers(out, u, at);
		if (p->v[i].keep)
			add_chunk(out, p, i, !at && i == u->kernel ? plan : "");
	}
}

static char *make_device(const struct pike_units *u, size_t at)
{
	const struct pike_unit *unit = &u->v[at];
	const char *path = unit->file->path, *slash = strrchr(path, '/');
	struct pike_buf out, plan, defines;

	pike_buf_init(&out, TEXT_MAX);
	pike_buf_init(&plan, TEXT_MAX);
	pike_buf_init(&defines, TEXT_MAX);
	add_notice(&out, &unit->p);
	pike_buf_addf(&out,
		      "/* The device code of %s, which includes it. */\n"
		      "#pragma once\n",
		      slash ? slash + 1 : path);
	add_toolkit(&out, u, unit);
	add_names(&out, unit->names);
	if (!at)
		pike_launch_draft(&plan, &defines, u);
	if (defines.len)
		pike_buf_addf(&out, "\n%s", defines.s);
	add_chunks(&out, u, at, plan.s);
	pike_buf_release(&plan);
	pike_buf_release(&defines);
	return pike_buf_detach(&out);
}

/* ---- the half that stays ---- */

static bool moves(const struct pike_chunk *v)
{
	return v->keep && v->kind <= PIKE_CHUNK_UNDEF;
}

/* The #ifs and namespaces of which nothing stays, by their group. */
static bool *find_empty(const struct pike_chunks *p)
{
	bool *empty = pike_xcalloc(p->n + 1, sizeof(*empty));

	for (size_t i = 0; i < p->n; i++)
		empty[i] = p->v[i].group == i && p->v[i].keep &&
			   p->v[i].kind >= PIKE_CHUNK_OPEN;
	for (size_t i = 0; i < p->n; i++) {
		if (moves(&p->v[i]) || p->v[i].kind >= PIKE_CHUNK_OPEN)
			continue;
		for (size_t up = p->v[i].up; up != PIKE_NO_CHUNK;
		     up = p->v[up].up)
			empty[p->v[up].group] = false;
	}
	return empty;
}

/* Where the old file includes the new one: before the first that moves, and
 * what is around that below the prefix. */
static size_t include_at(const struct pike_unit *u)
{
	size_t i = 0;

	while (i < u->p.n && !moves(&u->p.v[i]))
		i++;
	while (u->p.v[i].up != u->prefix && u->p.v[i].up != PIKE_NO_CHUNK)
		i = u->p.v[u->p.v[i].up].group;
	return i;
}

/* Not two empty lines where there was something between them. */
static void add_rest(struct pike_buf *out, const char *s, size_t n, bool cut)
{
	while (cut && n && *s == '\n' &&
	       (!out->len || (out->len > 1 && out->s[out->len - 1] == '\n' &&
			      out->s[out->len - 2] == '\n'))) {
		s++;
		n--;
	}
	pike_buf_add(out, s, n);
}

static bool ends_line(const struct pike_buf *b)
{
	return !b->len || b->s[b->len - 1] == '\n';
}

static char *make_rest(const struct pike_unit *u)
{
	const struct pike_chunks *p = &u->p;
	bool *empty = find_empty(p), cut = false;
	size_t at = include_at(u), from = 0, len;
	const char *name = u->file->device_name;
	struct pike_buf out;

	name = base_name(name, strlen(name), &len);
	pike_buf_init(&out, TEXT_MAX);
	for (size_t i = 0; i < p->n; i++) {
		const struct pike_chunk *v = &p->v[i];
		bool gone =
		    moves(v) || (v->kind >= PIKE_CHUNK_OPEN && empty[v->group]);

		if (i == at || gone) {
			add_rest(&out, p->text + from, v->begin - from, cut);
			from = v->begin;
			cut = false;
		}
		if (i == at)
			pike_buf_addf(&out, "%s#include \"%.*s\"\n",
				      ends_line(&out) ? "" : "\n", (int)len,
				      name);
		if (gone) {
			from = v->end;
			cut = true;
			/* What was before it in its line keeps its end. */
			if (!ends_line(&out) && p->text[from - 1] == '\n')
				pike_buf_addc(&out, '\n');
		}
	}
	add_rest(&out, p->text + from, strlen(p->text + from), cut);
	free(empty);
	return pike_buf_detach(&out);
}

/* ---- the split ---- */

struct conditions {
	const struct pike_units *u;
	const struct pike_unit *unit;
	struct pike_strs said;
};

/* Whether it is defined decides what is compiled, and nobody says so here. */
static void on_condition(void *ctx, const struct pike_token *w, bool call)
{
	struct conditions *c = ctx;
	size_t at;
	char *name;

	(void)call;
	if ((w->n > 1 && w->s[0] == '_' && w->s[1] == '_') ||
	    (*w->s >= '0' && *w->s <= '9') ||
	    (w->n == 7 && !memcmp(w->s, "defined", 7)))
		return;
	for (size_t i = 0; i < c->u->n; i++)
		if (pike_chunks_find(&at, &c->u->v[i].p, w))
			return;
	name = pike_xstrndup(w->s, w->n);
	if (!pike_strs_has(&c->said, name)) {
		pike_strs_push(&c->said, name);
		pike_unit_note(c->u, c->unit, w->line,
			       "%s is defined nowhere here, and decides what "
			       "is compiled: if it is to be, say `cflags = "
			       "-D%s`",
			       name, name);
	}
	free(name);
}

/* What a person has to know of what has moved. */
static void note_moved(const struct pike_units *u, const struct pike_unit *unit)
{
	struct conditions c = { .u = u, .unit = unit };
	const struct pike_chunks *p = &unit->p;

	for (size_t i = 0; i < p->n; i++) {
		const struct pike_chunk *v = &p->v[i];

		if (!v->keep)
			continue;
		if (v->kind == PIKE_CHUNK_IF || v->kind == PIKE_CHUNK_ELSE)
			pike_chunk_words(p, i, on_condition, &c);
		if (v->kind != PIKE_CHUNK_ITEM || v->function)
			continue;
		if (pike_chunk_says(p, i, "texture") ||
		    pike_chunk_says(p, i, "surface"))
			pike_unit_note(u, unit, v->line,
				       "a texture or surface reference, which "
				       "CUDA 12 has no more; pass what it "
				       "reads as an argument");
		if (pike_chunk_says(p, i, "__constant__") &&
		    strstr(p->text, "cudaMemcpyToSymbol"))
			pike_unit_note(u, unit, v->line,
				       "constant memory that the host fills; "
				       "a target has no host: pass it as an "
				       "argument, or write the values here");
	}
	pike_strs_release(&c.said);
}

/* A header that cannot be read has nothing that can be moved. */
static void note_unread(const struct pike_units *u, const char *path,
			const char *why)
{
	pike_strs_pushf(u->notes,
			"%s is not looked into (%s): what the kernel needs of "
			"it is for you to move",
			path, why);
}

static int read_units(struct pike_units *u, struct pike_split_file *files,
		      size_t n, struct pike_err *err)
{
	u->v = pike_xcalloc(n, sizeof(*u->v));
	for (size_t i = 0; i < n; i++) {
		struct pike_unit *v = &u->v[i];
		struct pike_err why = PIKE_ERR_INIT;
		int ret = pike_chunks_read(&v->p, files[i].text, &why);

		v->file = &files[i];
		v->prefix = PIKE_NO_CHUNK;
		v->names = pike_xcalloc(pike_rtc_names(), sizeof(bool));
		v->headers = pike_xcalloc(pike_rtc_headers(), sizeof(bool));
		u->n++;
		if (ret && !i)
			return pike_fail(err, PIKE_FAILED, "%s: %s",
					 files[i].path, why.text);
		if (ret)
			note_unread(u, files[i].path, why.text);
		v->p.text = files[i].text;
	}
	for (size_t i = 1; i < n; i++)
		u->v[i].clean = is_clean(u, &u->v[i]);
	return 0;
}

static void make_texts(struct pike_units *u)
{
	for (size_t i = 0; i < u->n; i++) {
		struct pike_unit *v = &u->v[i];

		if (!v->used || v->clean)
			continue;
		v->file->device = make_device(u, i);
		v->file->rest = make_rest(v);
		note_moved(u, v);
	}
}

int pike_split(struct pike_split_file *files, size_t n, const char *kernel,
	       struct pike_strs *notes, struct pike_err *err)
{
	struct pike_units u = { .notes = notes };
	int ret;

	ret = read_units(&u, files, n, err);
	if (!ret)
		ret = pike_units_choose(&u, kernel, err);
	if (!ret)
		make_texts(&u);
	for (size_t i = 0; i < u.n; i++) {
		pike_chunks_release(&u.v[i].p);
		free(u.v[i].names);
		free(u.v[i].headers);
	}
	free(u.v);
	return ret;
}
