# heapcast: one Makefile, no recursion. `make help` lists the targets.

VERSION := $(shell sed -n 's/.*HC_VERSION "\(.*\)".*/\1/p' include/heapcast/version.h)

# the recipes use scripts/places.sh, which is bash
SHELL    := bash
CC       ?= cc
AR       ?= ar
CFLAGS   ?= -O2 -g
LDFLAGS  ?=
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
# WERROR=1 turns warnings into errors (CI and `make check`).
WERROR   ?=
# SANITIZE=address,undefined builds everything into a tree of its own with those sanitizers.
SANITIZE ?=
B        := build$(if $(SANITIZE),/sanitize,)
PREFIX   ?= /usr/local
DESTDIR  ?=

# Set-up: whatever is missing is installed by scripts/bootstrap.sh, which writes its findings to build/config.mk.
CONFIG   := build/config.mk
NO_SETUP := help clean uninstall
ifneq ($(filter-out $(NO_SETUP),$(or $(MAKECMDGOALS),all)),)
-include $(CONFIG)
endif

# -ffp-contract=off: the model must give the same bits on every machine, so no fused multiply-add.
BASE := -std=c11 -D_GNU_SOURCE -Iinclude -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -ffp-contract=off \
        -fno-strict-aliasing $(WARNINGS) $(if $(WERROR),-Werror) \
        $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
JNI  := -isystem $(JDK_INCLUDE) -isystem $(JDK_INCLUDE)/linux
LINK := $(if $(SANITIZE),-fsanitize=$(SANITIZE))

PREDICTOR := $(wildcard predictor/*.c)
RESOLVER  := $(wildcard resolver/*.c)
RECORDS   := $(wildcard records/*.c)
AGENT     := $(wildcard agent/*.c)
CLI       := $(wildcard cli/*.c)
UNIT      := $(wildcard tests/unit/test_*.c)
FUZZ      := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

objects = $(patsubst %.c,$(B)/obj/%.o,$(1))
CORE     := $(B)/libheapcast-core.a
CJSON_O  := $(B)/obj/third_party/cJSON.o
HEADERS  := $(wildcard include/heapcast/*.h)

.PHONY: all
## all: the agent (build/libheapcast.so) and the command (build/heapcast)
all: $(B)/libheapcast.so $(B)/heapcast

$(CONFIG): scripts/bootstrap.sh
	@scripts/bootstrap.sh build

$(B)/obj/%.o: %.c $(CONFIG)
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) -I$(CJSON_DIR) $(if $(filter agent/%,$<),$(JNI)) -MMD -MP -c $< -o $@

# cJSON is somebody else's code: our warnings are not for it. ENABLE_LOCALES: the host JVM may have set a decimal comma.
$(CJSON_O): $(CONFIG)
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 -g -fPIC -fvisibility=hidden -DCJSON_HIDE_SYMBOLS -DENABLE_LOCALES -c $(CJSON_DIR)/cJSON.c -o $@

$(CORE): $(call objects,$(PREDICTOR) $(RESOLVER) $(RECORDS)) $(CJSON_O)
	@rm -f $@
	$(AR) rcs $@ $^

# Self-contained: the host needs libc, libm, libpthread and libdl and nothing else.
$(B)/libheapcast.so: $(call objects,$(AGENT)) $(CORE) agent/exports.map
	$(CC) -shared $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $(call objects,$(AGENT)) $(CORE) -Wl,--version-script=agent/exports.map \
	  -Wl,$(if $(SANITIZE),-z$(comma)lazy,-z$(comma)defs) -Wl,-z,relro,-z,now -Wl,--gc-sections -lm -lpthread -ldl
comma := ,

$(B)/heapcast: $(call objects,$(CLI)) $(CORE)
	$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $(call objects,$(CLI)) $(CORE) -Wl,--gc-sections -lm -lpthread -ldl

# ---- for other machines than this one -----------------------------------------------------------------------------

# One binary an architecture, for every Linux: glibc from 2.17 on (2012), and musl. Symbols stay in, for a crash report
# to name functions; the rest of what a debugger wants is in the objects beside it.
ARCHITECTURES := x86_64 aarch64
-include build/portable.mk
# $(call portable,ARCHITECTURE,TARGETS): this Makefile once more, with the compiler for that architecture. -o: this machine is
# set up already, and the compiler's peculiarities are none of the set-up's business.
portable = $(MAKE) --no-print-directory -o $(CONFIG) -o build/portable.mk B=build/portable/$(1) AR='$(ZIG) ar' LDFLAGS=-Wl,-S \
           CC='$(ZIG) cc -target $(1)-linux-gnu.2.17 -isystem build/third_party/include' CMOCKA=build/third_party/cmocka $(2)

.PHONY: portable portable-setup
## portable: build/portable/{x86_64,aarch64}/: libheapcast.so and heapcast for glibc from 2.17 on, and musl (half a minute)
portable: portable-setup
	@$(MAKE) --no-print-directory $(ARCHITECTURES:%=portable-%)
portable-setup:
	@scripts/bootstrap.sh portable
portable-%:
	@+$(call portable,$*,all)

.PHONY: release
## release: build/release/heapcast-VERSION-linux-ARCH.tar.gz of the portable build, and their SHA256SUMS
release: portable
	@scripts/release.sh $(VERSION) $(ARCHITECTURES)

# ---- tests ------------------------------------------------------------------------------------------------------

# CMOCKA=DIR takes its source instead of the system's library, which is for this machine only.
CMOCKA   ?=
CMOCKA_O := $(if $(CMOCKA),$(B)/obj/third_party/cmocka.o)
$(B)/obj/third_party/cmocka.o: $(CONFIG)
	@mkdir -p $(@D)
	$(CC) -O2 -w -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_SIGNAL_H -DHAVE_STRINGS_H -DHAVE_STRUCT_TIMESPEC -DHAVE_CLOCK_GETTIME \
	  -DHAVE_CLOCK_REALTIME -DHAVE_STRSIGNAL -DHAVE_UNISTD_H -DHAVE_MALLOC_H \
	  -I$(CMOCKA)/include -c $(CMOCKA)/src/cmocka.c -o $@

$(B)/tests/unit/%: tests/unit/%.c $(CMOCKA_O) $(CORE) $(call objects,$(filter-out cli/main.c,$(CLI))) $(call objects,$(filter-out agent/agent.c,$(AGENT)))
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) -Wno-missing-prototypes -I. -I$(CJSON_DIR) $(JNI) $(CMOCKA:%=-isystem %/include) -MMD -MP $(LINK) -o $@ $< \
	  $(call objects,$(filter-out cli/main.c,$(CLI))) $(call objects,$(filter-out agent/agent.c,$(AGENT))) \
	  $(CORE) -Wl,--gc-sections $(or $(CMOCKA_O),-lcmocka) -lm -lpthread -ldl

# The library as a whole, as a JVM would load it.
$(B)/tests/unit/test_agent: $(B)/libheapcast.so
$(B)/tests/unit/test_agent: private BASE += -DAGENT='"$(B)/libheapcast.so"'

# A fuzz target with a plain main that gives it the kept inputs; fuzz_NAME is the same under libFuzzer (clang, make fuzz).
FUZZ_AGENT = $(call objects,$(addprefix agent/,args.c liveness_table.c log_text.c marking_log.c))
FUZZ_CLI   = $(call objects,$(addprefix cli/,past_file.c input_samples.c))
FUZZ_PARTS = $(FUZZ_AGENT) $(FUZZ_CLI) $(CORE) -Wl,--gc-sections -lm -lpthread
$(B)/tests/fuzz/replay_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(wildcard tests/fuzz/*.h) $(CORE) $(FUZZ_AGENT) $(FUZZ_CLI)
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) -I. $(LINK) -o $@ $< tests/fuzz/replay.c $(FUZZ_PARTS)
$(B)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(wildcard tests/fuzz/*.h) $(CORE) $(FUZZ_AGENT) $(FUZZ_CLI)
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) -I. $(LINK) -fsanitize=fuzzer -o $@ $< $(FUZZ_PARTS)

.PHONY: unit-programs fuzz-programs
unit-programs: $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(UNIT)) $(FUZZ:%=$(B)/tests/fuzz/replay_%)
fuzz-programs: $(FUZZ:%=$(B)/tests/fuzz/fuzz_%)

.PHONY: test
## test: all that must pass before a change lands; sets up what it lacks (about 8 minutes on two cores)
test:
	@scripts/bootstrap.sh test
	@$(MAKE) --no-print-directory -j$(shell nproc) all unit-programs
	@$(MAKE) --no-print-directory -j$(shell nproc) unit-programs SANITIZE=address,undefined
	@tests/run.sh all

.PHONY: test-unit
## test-unit: unit and golden tests, plain and under ASan and UBSan; no JVM, no network (about a minute)
test-unit: all unit-programs
	@$(MAKE) --no-print-directory -j$(shell nproc) unit-programs SANITIZE=address,undefined
	@tests/run.sh unit golden check

# The tests that have threads; test_process_gauge measures the process, of which the sanitizer would be a large part.
THREADED := $(filter-out test_process_gauge,$(basename $(notdir $(shell grep -l pthread_create $(UNIT)))))
.PHONY: test-tsan
## test-tsan: the threads of the agent under ThreadSanitizer (half a minute)
test-tsan:
	@scripts/bootstrap.sh build
	@$(MAKE) --no-print-directory -j$(shell nproc) B=build/tsan SANITIZE=thread $(THREADED:%=build/tsan/tests/unit/%)
	@tests/run.sh $(THREADED:%=build/tsan/tests/unit/%)

.PHONY: test-jvm
## test-jvm: the agent in real JVMs, each collector on each JDK at hand
test-jvm: all
	@scripts/bootstrap.sh test
	@tests/run.sh jvm

# Refuses the agent its memory, streams and threads, and moves its clock: see the file's head.
$(B)/tests/fault_shim.so: tests/support/fault_shim.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARNINGS) -Wno-missing-prototypes $(CFLAGS) -fPIC -shared -o $@ $< -ldl

.PHONY: test-faults
## test-faults: the agent where things go wrong, each fault in a real JVM whose work must come out right (DURATION=60 s of storm; 7 minutes)
test-faults: all $(B)/tests/fault_shim.so
	@scripts/bootstrap.sh test
	@. scripts/places.sh; status=0; tests/run.sh tests/integration/jvm_faults.py || status=1; \
	  $$(python_tool) tests/nightly/faults.py || status=1; exit $$status

.PHONY: test-stall
## test-stall: a job that thrashes its TaskManager gets the advice within 10 s of the first bad pause (3 minutes)
test-stall: all
	@scripts/bootstrap.sh test
	@scripts/bootstrap.sh demo
	@. scripts/places.sh && $$(python_tool) tests/nightly/stall.py

.PHONY: soak
## soak: an hour (SOAK_SECONDS) of a busy JVM under the agent, whose memory must stay flat
soak: all
	@scripts/bootstrap.sh test
	@. scripts/places.sh && $$(python_tool) tests/nightly/soak.py

.PHONY: test-matrix
## test-matrix: each collector on each JDK in each way to run it against the JVM's log, as a table (15 minutes)
test-matrix: all
	@scripts/bootstrap.sh test
	@FULL=1 tests/integration/jvm_matrix.py

.PHONY: test-flink
## test-flink: the agent in a real Flink TaskManager, and what is resolved fed back to Flink
test-flink: all
	@scripts/bootstrap.sh test
	@tests/run.sh flink
	@$(MAKE) --no-print-directory test-differential

.PHONY: test-differential
## test-differential: COUNT (100,000) random configurations to each of six Flink releases (FLINK_VERSIONS), from SEED
test-differential: all
	@scripts/bootstrap.sh test
	@tests/differential/differential.py
	@tests/differential/round_trip.py

.PHONY: fuzz
## fuzz: each fuzz target for FUZZ_SECONDS (600), or those in FUZZ_TARGETS; needs clang
fuzz:
	@scripts/bootstrap.sh fuzz
	@$(MAKE) --no-print-directory -j$(shell nproc) CC=clang B=build/fuzz SANITIZE=fuzzer-no-link,address,undefined fuzz-programs
	@tests/fuzz/run.sh $(or $(FUZZ_TARGETS),$(FUZZ))

.PHONY: test-pool
## test-pool: a wave that stalls Flink's default split runs through in the unified pool of the same container (8 minutes)
test-pool: all
	@scripts/bootstrap.sh test
	@scripts/bootstrap.sh demo
	@tests/nightly/pool_wave.sh

.PHONY: test-ledger
## test-ledger: memory outside the heap shared out on real TaskManagers: jobs, allocators, collectors (12 minutes)
test-ledger: all
	@scripts/bootstrap.sh test
	@scripts/bootstrap.sh demo
	@tests/nightly/ledger.py

.PHONY: test-gclogs
## test-gclogs: collections and sizes in the GC logs of GCLOGS=DIR (GCToolKit's test logs) as GCToolKit reads them (3 minutes)
test-gclogs: all
	@scripts/bootstrap.sh test
	@tests/gclogs/run.sh

.PHONY: test-live
## test-live: the live set that the probe sees against a counted one, G1, ZGC and Shenandoah; a TaskManager's against class histograms (1 hour; PROBES=30 a JVM)
test-live: all
	@scripts/bootstrap.sh test
	@scripts/bootstrap.sh demo
	@. scripts/places.sh; status=0; $$(python_tool) tests/nightly/live_set.py $(PROBES) || status=1; \
	  $$(python_tool) tests/nightly/live_flink.py || status=1; exit $$status

.PHONY: test-closed-loop
## test-closed-loop: the advice applied three times on real JVMs, beside the smallest heap and the operator's rule (2 hours; ONLY=REGEX, resumes)
test-closed-loop: all
	@scripts/bootstrap.sh test
	@tests/nightly/closed_loop.py

# The server is somebody else's code, from the Go module proxy; building it takes minutes, once.
build/kubernetes-server: tests/kubernetes/main.go tests/kubernetes/go.mod
	cd tests/kubernetes && go build -o ../../$@ .

.PHONY: test-portable test-aarch64 test-musl emulate
## test-portable: the portable build in real JVMs, its unit tests under musl's loader, aarch64's under qemu (5 minutes)
test-portable: all portable test-musl test-aarch64
	@scripts/bootstrap.sh test
	@HEAPCAST_AGENT=$(CURDIR)/$(PORTABLE)/libheapcast.so HEAPCAST=$(CURDIR)/$(PORTABLE)/heapcast tests/run.sh check golden jvm
## test-aarch64: the unit tests of the portable aarch64 build, and the agent in a JVM, under qemu (4 minutes)
test-aarch64: all emulate
	@+$(call portable,aarch64,all unit-programs)
	@HEAPCAST_BUILD=build/portable/aarch64 HEAPCAST_LOADER='qemu-aarch64 -L /usr/aarch64-linux-gnu' tests/run.sh unit-programs
	@HEAPCAST_JAVA=$(EMULATED_JAVA) HEAPCAST_AGENT=$(CURDIR)/build/portable/aarch64/libheapcast.so \
	  tests/run.sh tests/integration/jvm_used_after.py
## test-musl: the unit tests of the portable build, the same programs as on glibc, under musl's loader (a minute)
test-musl: emulate
	@+$(call portable,$(shell uname -m),all unit-programs)
	@HEAPCAST_BUILD=$(PORTABLE) HEAPCAST_LOADER=/lib/ld-musl-$(shell uname -m).so.1 tests/run.sh unit-programs
PORTABLE := build/portable/$(shell uname -m)
EMULATED_JAVA = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/heapcast/jdk-aarch64/21
emulate:
	@scripts/bootstrap.sh emulate

.PHONY: test-kubernetes
## test-kubernetes: patches for the operator through a real Kubernetes API server (needs Go, Maven and etcd)
test-kubernetes: all
	@scripts/bootstrap.sh kubernetes
	@$(MAKE) --no-print-directory build/kubernetes-server
	@tests/run.sh tests/integration/cli_k8s_patch.py

.PHONY: golden
## golden: rewrite the expected outputs of the golden tests; review the diff
golden: all
	@tests/golden/run.sh --rewrite

.PHONY: check
## check: rooms, headers alone, format, exports, banned functions, warnings as errors
check: all
	@scripts/check.sh

.PHONY: demo
## demo: the main job on a real Flink TaskManager, set-up included (FLINK_VERSION=1.20.5, DEMO=jvm for a plain JVM)
demo:
	@scripts/bootstrap.sh demo
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@scripts/demo.sh

.PHONY: bench
## bench: cost of a callback, an observation, a prediction, start-up and memory, each beside a peer
bench: all
	@scripts/bootstrap.sh test
	@tests/bench/run.sh

.PHONY: score score-docs
## score: the predictor's score on the recorded traces, what each part of it earns, and the peers' rules (a minute)
score: all
	@scripts/bootstrap.sh score
	@scripts/score_table.py
	@scripts/score.sh
## score-docs: the same table into docs/predictor.md
score-docs: all
	@scripts/bootstrap.sh score
	@scripts/score_table.py --docs docs/predictor.md

.PHONY: test-peers
## test-peers: the peers' own code again, against what was recorded of it (PEERS=DIR of harnesses; needs Go, Maven; a minute)
test-peers: all
	@tests/nightly/peers.py --peers $(PEERS)
	@tests/integration/cli_peers.py

.PHONY: install uninstall
## install: into PREFIX (default /usr/local), below DESTDIR
install: all
	install -Dm755 $(B)/heapcast $(DESTDIR)$(PREFIX)/bin/heapcast
	install -Dm755 $(B)/libheapcast.so $(DESTDIR)$(PREFIX)/lib/libheapcast.so
	install -d $(DESTDIR)$(PREFIX)/include/heapcast
	install -m644 $(HEADERS) $(DESTDIR)$(PREFIX)/include/heapcast/
## uninstall: what install put there
uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/bin/heapcast $(DESTDIR)$(PREFIX)/lib/libheapcast.so $(DESTDIR)$(PREFIX)/include/heapcast

.PHONY: clean
## clean: remove build/
clean:
	rm -rf build

.PHONY: help
## help: this list
help:
	@echo "heapcast $(VERSION)"
	@sed -n 's/^## \([a-z0-9-]*\): \(.*\)/  \1\t\2/p' Makefile | expand -t 20

-include $(patsubst %.o,%.d,$(call objects,$(PREDICTOR) $(RESOLVER) $(RECORDS) $(AGENT) $(CLI)))
-include $(patsubst tests/unit/%.c,$(B)/tests/unit/%.d,$(UNIT))
