# SPDX-License-Identifier: Apache-2.0
# One non-recursive Makefile. `make help` lists what it can do.

B ?= build
# One name for each object, however the folder is given: what a file depends on
# is kept under it.
override B := $(patsubst $(CURDIR)/%,%,$(B))
CC ?= cc
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
PREFIX ?= /usr/local
# Set on make's command line, it is for the scripts too.
export FUZZ_SECONDS
PKGS = libgit2 libcjson libcurl libarchive libseccomp

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wvla -Wwrite-strings -Wundef -Wformat=2 \
	$(if $(DEVELOPER),-Werror)
OPT ?= -O2 -g
SAN = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
# Asked once, not once per compiled file.
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CPPFLAGS += -D_GNU_SOURCE -Ilib $(PKG_CFLAGS)
HARDEN = -fstack-protector-strong $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
CFLAGS += -std=c11 $(OPT) $(WARN) $(HARDEN) $(SAN)
# A helper that runs in the sandbox must not ask for libraries it never calls;
# what a loader has resolved is read-only from then on.
LDFLAGS += -Wl,--as-needed,-z,relro,-z,now
LDLIBS += $(PKG_LIBS) -ldl -lm -lpthread

ROOMS = base model sandbox git device eval llm search forge report run
# Programs of their own live beside the room they serve: *_main.c
LIB_SRC := $(filter-out %_main.c,$(foreach r,$(ROOMS),$(wildcard lib/$(r)/*.c)))
CMD_SRC := $(wildcard cmd/*.c)
MAIN_SRC := $(wildcard lib/*/*_main.c)
UNIT_SRC := $(wildcard tests/unit/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
ALL_SRC := $(LIB_SRC) $(CMD_SRC) $(MAIN_SRC) $(UNIT_SRC) $(BENCH_SRC)

obj = $(patsubst %.c,$(B)/o/%.o,$(1))
# lib/device/run_cpu_main.c -> pike-run-cpu
helper = pike-$(subst _,-,$(patsubst %_main,%,$(basename $(notdir $(1)))))
link = $(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)
LIB = $(B)/libpike.a
UNITS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
BENCHES = $(patsubst tests/bench/%.c,$(B)/bench/%,$(BENCH_SRC))
FUZZERS = $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
HELPERS = $(foreach m,$(MAIN_SRC),$(B)/$(call helper,$(m)))
# The one that is no C: PyTorch runs in it.
WORKER = $(B)/pike-run-torch.py
# The inside of a sandbox, for a fork of an interpreter. No sanitizer: those
# want to be there before the interpreter is.
FORK = $(B)/pike-fork.so
FORK_SRC = $(patsubst %,lib/sandbox/%.c,fork enter serve become landlock mount \
	pack library kinds words step) \
	$(patsubst %,lib/base/%.c,buf clock err fs mem rand text)
PROGRAMS = $(B)/pike-git $(HELPERS) $(WORKER) $(FORK)

## build
all: $(PROGRAMS) $(B)/git-pike

help: # this list
	@echo 'make, then one of:'
	@awk '/^## /{print "\n" substr($$0, 4)} \
		/^[a-z][a-z_.-]*:.* # /{split($$1, a, ":"); i = index($$0, " # "); \
		printf "  %-22s %s\n", a[1], substr($$0, i + 3)}' Makefile
	@echo
	@echo 'B=DIR  V=1  DEVELOPER=1  SANITIZE=address,undefined  PREFIX=/usr/local'
	@echo 'DESTDIR=  FUZZ_SECONDS=60  CC=  OPT="-O2 -g"'

$(B)/o/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The one test that compares our declarations with CUDA's own headers, where
# they are; everything else builds without.
CUDA_HOME ?= /usr/local/cuda
CUDA_HEADERS := $(wildcard $(addprefix $(CUDA_HOME)/include/,cuda.h nvrtc.h nvml.h cuda_occupancy.h))
$(B)/o/tests/unit/test_device_cuda_abi.o: $(CUDA_HEADERS)
$(B)/o/tests/unit/test_device_cuda_abi.o: CPPFLAGS += \
	$(if $(CUDA_HEADERS),-isystem $(CUDA_HOME)/include)

# Sources of kernels that are part of the program.
$(B)/o/lib/device/gpu.o: lib/device/runner.cu
$(B)/o/lib/eval/referee.o: lib/eval/referee.cu
$(B)/o/lib/device/baseline_torch.o: lib/device/torch/baseline.py

# Stamps: touched only when what they hold has changed.
stamp = @mkdir -p $(B); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
$(B)/flags: FORCE
	$(call stamp,$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS))
$(B)/sources: FORCE
	$(call stamp,$(LIB_SRC) $(CMD_SRC))

$(LIB): $(call obj,$(LIB_SRC)) $(B)/sources
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(B)/pike-git: $(call obj,$(CMD_SRC)) $(LIB)
	$(link) $(LDLIBS)

$(B)/pic/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out $(SAN),$(CFLAGS)) -fPIC \
		-fvisibility=hidden -ffunction-sections -MMD -MP -c -o $@ $<

$(FORK): $(patsubst %.c,$(B)/pic/%.o,$(FORK_SRC))
	$(Q)$(CC) $(filter-out $(SAN),$(CFLAGS)) -shared $(LDFLAGS) -Wl,--gc-sections,-z,defs -o $@ $^

$(WORKER): $(patsubst %,lib/device/torch/%.py,model build memory run prime warm main)
	@mkdir -p $(@D)
	$(Q)cat $^ >$@.tmp && chmod 755 $@.tmp && mv $@.tmp $@

$(B)/git-pike: $(B)/pike-git
	$(Q)ln -sf pike-git $@

define helper_rule
$(B)/$(call helper,$(1)): $(call obj,$(1)) $(LIB)
	$$(link) $$(LDLIBS)
endef
$(foreach m,$(MAIN_SRC),$(eval $(call helper_rule,$(m))))

$(B)/unit/%: $(B)/o/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(link) -lcmocka $(LDLIBS)

$(B)/bench/%: $(B)/o/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(link) $(LDLIBS)

# Only meaningful with CC=clang SANITIZE=fuzzer,...: see `fuzz`.
$(B)/fuzz/%: $(B)/o/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	$(link) -fsanitize=fuzzer $(LDLIBS)

units: $(UNITS) all
benches: $(BENCHES) all
fuzzers: $(FUZZERS)

# The manual and the completion are printed by the program from its own tables.
$(B)/pike-git.1: $(B)/pike-git
	$(Q)$(B)/pike-git help --man >$@.tmp && mv $@.tmp $@
$(B)/pike-git.bash: $(B)/pike-git
	$(Q)$(B)/pike-git help --completion >$@.tmp && mv $@.tmp $@
man: $(B)/pike-git.1 $(B)/pike-git.bash # manual page and shell completion

# Program, helpers and what comes with it lie together: the program finds them by its
# own real path, so links to it may stand anywhere.
SHIPPED = templates hooks $(wildcard ci/github ci/gitlab ci/slurm) \
	cmd/manual lib/git/README.md lib/eval/README.md lib/sandbox/README.md
HOME_DIR = $(DESTDIR)$(PREFIX)/lib/pike-git
SHARE = $(DESTDIR)$(PREFIX)/share
install: all man # to $(DESTDIR)$(PREFIX)
	install -d $(HOME_DIR) $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 \
		$(SHARE)/bash-completion/completions
	install -m 755 $(PROGRAMS) $(HOME_DIR)
	for d in $(SHIPPED); do rm -rf $(HOME_DIR)/$$d && \
		mkdir -p $(HOME_DIR)/$$(dirname $$d) && \
		cp -R $$d $(HOME_DIR)/$$d || exit 1; done
	for n in pike-git git-pike; do \
		ln -sf ../lib/pike-git/pike-git $(DESTDIR)$(PREFIX)/bin/$$n && \
		install -m 644 $(B)/pike-git.bash \
			$(SHARE)/bash-completion/completions/$$n; done
	install -m 644 $(B)/pike-git.1 $(SHARE)/man/man1/pike-git.1
	ln -sf pike-git.1 $(SHARE)/man/man1/git-pike.1

uninstall: # what install wrote
	rm -rf $(HOME_DIR)
	rm -f $(SHARE)/man/man1/pike-git.1 $(SHARE)/man/man1/git-pike.1
	for n in pike-git git-pike; do rm -f $(DESTDIR)$(PREFIX)/bin/$$n \
		$(SHARE)/bash-completion/completions/$$n; done

# One old-style rpath: unlike a runpath it also serves the libraries' own
# libraries.
BUNDLE = $(B)/bundle/pike-git
bundle_link = $(CC) $(CFLAGS) $(LDFLAGS) \
	-Wl,--disable-new-dtags,-rpath,'$$ORIGIN/lib:$$ORIGIN/../lib' \
	-o $(BUNDLE)/$(1) $(2) $(LIB) $(LDLIBS)
bundle-folder: all man
	$(Q)rm -rf $(B)/bundle && mkdir -p $(BUNDLE)/lib
	$(Q)$(call bundle_link,pike-git,$(call obj,$(CMD_SRC)))
	$(Q)$(foreach m,$(MAIN_SRC),$(call bundle_link,$(call helper,$(m)),\
		$(call obj,$(m))) &&) true
	$(Q)cp -R examples README.md LICENSE $(WORKER) $(FORK) \
		$(B)/pike-git.1 $(B)/pike-git.bash $(BUNDLE)
	$(Q)cp -R --parents $(SHIPPED) $(BUNDLE)

bundle: bundle-folder # a relocatable archive with its libraries, no root needed
	$(Q)ci/bundle $(BUNDLE) $(B)/pike-git.tar.gz

# For a machine with a GPU and not much else: no compiler, no git.
bundle-tests: bundle-folder $(B)/bench/aa # the same with tests that need a GPU
	$(Q)mkdir -p $(BUNDLE)/bench $(BUNDLE)/tests
	$(Q)$(call bundle_link,bench/aa,$(B)/o/tests/bench/aa.o)
	$(Q)cp -R tests/places.sh tests/quiet.sh tests/draw.sh tests/conform tests/gpu tests/hostile \
		$(BUNDLE)/tests
	$(Q)ci/bundle --git $(BUNDLE) $(B)/pike-git-tests.tar.gz

compile_commands.json: FORCE # for editors and analysers
	$(Q)for f in $(ALL_SRC) $(FUZZ_SRC); do \
		printf '{"directory":"%s","file":"%s","arguments":["%s"' \
			"$(CURDIR)" "$$f" "$(CC)"; \
		for a in $(CPPFLAGS) $(CFLAGS) -c; do printf ',"%s"' "$$a"; done; \
		printf ',"%s"]}\n' "$$f"; \
	done | sed '1s/^/[/; $$!s/$$/,/; $$s/$$/]/' >$@

## run (these first install or name what is missing)
demo: build-deps # evolve one example kernel; leaves build/demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)B=$(B) examples/demo.sh

demo-llm: build-deps # the same with a model, whose replies are recorded
	$(Q)$(MAKE) --no-print-directory all
	$(Q)B=$(B) examples/demo.sh --llm

demo-torch: build-deps # the same with a PyTorch model; needs PyTorch
	$(Q)$(MAKE) --no-print-directory all
	$(Q)B=$(B) examples/demo.sh --torch

demo-all: build-deps # the same for every example target
	$(Q)$(MAKE) --no-print-directory all
	$(Q)B=$(B) examples/demo.sh --all

check: check-deps # every suite, a part of the cases, then one line with the sum
	$(Q)B=$(B) MAKE='$(MAKE)' DRAW=$${DRAW:-head} tests/run

check-all: large-deps # every case; coverage; in Debian trees made for it
	$(Q)B=$(B) MAKE='$(MAKE)' DRAW=all tests/run

build-deps:
	$(Q)ci/deps build
check-deps:
	$(Q)ci/deps
large-deps:
	$(Q)ci/deps large

## test, piece by piece
check-unit: # unit tests
	$(Q)B=$(B) MAKE='$(MAKE)' tests/run unit judge
check-san: # unit tests under ASan and UBSan
	$(Q)B=$(B) MAKE='$(MAKE)' tests/run san
check-cli: # the real program on real repositories
	$(Q)B=$(B) MAKE='$(MAKE)' tests/run cli cuda valgrind
check-torch: # the same for PyTorch models, where PyTorch is
	$(Q)B=$(B) MAKE='$(MAKE)' tests/run torch

check-hostile: # candidates that cheat, and honest ones
	$(Q)B=$(B) MAKE='$(MAKE)' tests/run hostile
check-gates: # style, sizes, arrows, analysers
	$(Q)B=$(B) MAKE='$(MAKE)' tests/run gates
lint: check-gates

fuzz: # every fuzz target for FUZZ_SECONDS each
	$(Q)B=$(B) MAKE='$(MAKE)' \
		FUZZ_SECONDS=$${FUZZ_SECONDS:-60} tests/run fuzz

# JSON lines on stdout, a table for people on stderr.
bench: # the benchmarks, one JSON line per figure
	$(Q)$(MAKE) --no-print-directory benches >&2
	$(Q)for b in $(filter-out %/aa,$(BENCHES)); do $$b || exit 1; done

# AA=N: so many screenings of identical code, and a tenth of it confirmations.
aa: # does the judge ever call identical code faster? BUSY=1: on a busy machine
	$(Q)$(MAKE) --no-print-directory all $(B)/bench/aa >&2
	$(Q)$(B)/bench/aa $(if $(BUSY),--busy) $(if $(BACKEND),--backend $(BACKEND)) \
		$(if $(US),--us $(US)) $(if $(AA),--screens $(AA) \
		--confirms $$((($(AA) + 9) / 10)))

soak: # 200 kills of a running evolve
	$(Q)$(MAKE) --no-print-directory all
	$(Q)B=$(B) MAKE='$(MAKE)' KILLS=200 tests/run kill

# Kernels are left as they are: a format can undo what they declare.
format: # clang-format in place
	$(Q)clang-format -i $$(git ls-files 'lib/*.[ch]' 'cmd/*.[ch]' \
		'tests/unit/*.[ch]' 'tests/bench/*.[ch]' 'tests/fuzz/*.[ch]')

tags: FORCE
	$(Q)ctags -R lib cmd tests

clean:
	rm -rf $(B)

FORCE:
.PHONY: all help units benches fuzzers man install uninstall bundle \
	bundle-folder bundle-tests demo \
	demo-all demo-llm demo-torch check check-all build-deps check-deps large-deps check-unit check-san check-cli check-hostile check-torch \
	check-gates lint fuzz bench aa soak format clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
-include $(patsubst %.o,%.d,$(call obj,$(ALL_SRC) $(FUZZ_SRC)))
-include $(patsubst %.c,$(B)/pic/%.d,$(FORK_SRC))
