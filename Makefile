# Thin names over CMake and CTest. `make help` lists them.
JOBS ?= $(shell nproc)
MBEDTLS := $(if $(MBEDTLS_DIR),$(abspath $(MBEDTLS_DIR)),$(CURDIR)/.deps/mbedtls)
export MBEDTLS_DIR

.PHONY: help demo check attack sweep bench setup build host arm format format-check lint clean

help:
	@echo "make demo    install what is missing, build, and play the update scenario on the simulated board"
	@echo "make check   everything: format, lint, build, all tests (ends with CTest's summary)"
	@echo "make attack  the whole fault campaign (part of it is in make check); writes build/attack.json"
	@echo "make sweep   power cuts at every flash operation of a secure install (part of it is in make check)"
	@echo "make bench   measure; writes build/bench.json"
	@echo "make build   the PC tools (build/host) and the firmware (build/arm)"
	@echo "make format  rewrite the sources in the house style;  make lint: clang-tidy and cppcheck"

setup:
	@scripts/setup check

host:
	@cmake --preset host -DMBEDTLS_DIR=$(MBEDTLS) -DPC_TESTS=$(or $(PC_TESTS),ON) >build-host.log 2>&1 || { cat build-host.log; rm -f build-host.log; exit 1; }
	@rm -f build-host.log
	@cmake --build build/host -j $(JOBS)

arm: host
	@mkdir -p build && cmake --preset arm -DMBEDTLS_DIR=$(MBEDTLS) >build/arm-configure.log 2>&1 || { cat build/arm-configure.log; exit 1; }
	@cmake --build build/arm -j $(JOBS)

build: arm

demo:
	@scripts/setup demo
	@$(MAKE) --no-print-directory build PC_TESTS=OFF
	@scripts/demo

check:
	@scripts/setup check
	@$(MAKE) --no-print-directory format-check lint build
	@ctest --test-dir build/host -j $(JOBS) --output-on-failure

attack:
	@scripts/setup check
	@$(MAKE) --no-print-directory build
	@PC_SOURCE=$(CURDIR) PC_BUILD=$(CURDIR)/build/host PC_ARM=$(CURDIR)/build/arm \
	  test/in-tmp $(CURDIR)/test/attack/run-campaign --json $(CURDIR)/build/attack.json

sweep:
	@scripts/setup check
	@$(MAKE) --no-print-directory build
	@status=0; pids=; for i in $$(seq $(JOBS)); do \
	  PC_SOURCE=$(CURDIR) PC_BUILD=$(CURDIR)/build/host PC_ARM=$(CURDIR)/build/arm SFI_SWEEP=$$i/$(JOBS) \
	  $(CURDIR)/test/in-tmp /usr/bin/python3 -B $(CURDIR)/test/sfi/test_attacks.py Interruptions & pids="$$pids $$!"; \
	done; for p in $$pids; do wait $$p || status=1; done; exit $$status

bench:
	@scripts/setup check
	@$(MAKE) --no-print-directory build
	@bench/run

SOURCES = git ls-files '*.c' '*.h'
format:
	@$(SOURCES) | xargs clang-format -i

format-check:
	@$(SOURCES) | xargs clang-format --dry-run -Werror

lint:
	@scripts/lint

clean:
	rm -rf build
