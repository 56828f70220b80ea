# SPDX-License-Identifier: AGPL-3.0-or-later
# The front door. Meson does the building; `make help` lists what there is.

PREFIX ?= /usr/local
DATA ?= ./var
LISTEN ?= 127.0.0.1:8302
JOBS ?= $(shell nproc)

# -j on the command line is for ninja, not for us.
.NOTPARALLEL:
.PHONY: help run build test test-clang demo bench bench-tools check format clean install setup

help:	## this list
	@awk -F '\t## ' '/^[a-z-]+:.*\t## / { sub(/:.*/, "", $$1); printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup:
	@tools/setup

run: build	## install what is missing, build, serve on LISTEN with the data in DATA
	@exec build/omnihub serve --data $(DATA) --listen $(LISTEN)

build: setup build/build.ninja	## install what is missing and leave the binary at build/omnihub
	@ninja -C build -j $(JOBS) omnihub

build/build.ninja:
	meson setup build

build-test/build.ninja:
	meson setup build-test -Db_sanitize=address,undefined -Db_lundef=false

build-clang/build.ninja:
	CC=clang meson setup build-clang

test: build build-test/build.ninja	## run every test, with sanitizers where that is sound
	@tools/setup --browser
	@tests/run-all build-test build:plain

test-clang: build	## run the tests of a clang build, and compare its replays with gcc's
	@tools/setup --check
	@$(MAKE) --no-print-directory build-clang/build.ninja
	@ninja -C build-clang -j $(JOBS) omnihub
	@OMNIHUB_OTHER=$(CURDIR)/build-clang/omnihub tests/run-all build-clang build:replay

demo: build	## drive one customer's journey through a running hub
	@build/omnihub demo

bench: build	## measure against limits and peers, minutes; SHORT=1: a rough answer; writes docs/performance.md
	@tools/setup --bench
	@meson setup --reconfigure build > build/reconfigured.log
	@ninja -C build -j $(JOBS) bench
	@tests/bench/run $(if $(SHORT),--short,--record docs) $(BENCH)

bench-tools: build	## measure replay, audit and export on a log of a million events; BENCH="--events 50000": a rough answer
	@ninja -C build -j $(JOBS) bench
	@tests/bench/tools $(BENCH)

check:	## house rules, formatting and static analysis
	@tools/setup --check
	@$(MAKE) --no-print-directory build-clang/build.ninja
	@ninja -C build-clang build.ninja actors/lexicon_slots.h
	@tests/checks/run

format:	## lay out the C files as .clang-format says
	@tools/setup --check
	@git ls-files -co --exclude-standard -- '*.c' '*.h' | xargs -r clang-format -i

clean:	## remove every build directory; data in DATA stays
	rm -rf build build-*/

install: setup build/build.ninja	## install under PREFIX (DESTDIR is honoured)
	@meson configure build --prefix $(abspath $(PREFIX))
	@ninja -C build -j $(JOBS) omnihub completions
	@meson install -C build --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))
