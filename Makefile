# Every command a person needs. Bare `make` prints this list.
.DEFAULT_GOAL := help
PYTHON ?= python3.11
.PHONY: help run test check journeys demo bench lock install

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run:  ## clone → pages: install, start everything, print the address
	@$(PYTHON) -m stack run

test:  ## everything, browser tests included, on throw-away servers
	@$(PYTHON) -m stack test

check:  ## lint, types, floors, schema, fast tests (a minute when warm)
	@$(PYTHON) -m stack check

journeys:  ## only the browser tests
	@$(PYTHON) -m stack journeys

demo:  ## set the demo organisation back to its beginning
	@$(PYTHON) -m stack demo

bench:  ## benchmarks, as ratios against a floor measured in the same run
	@$(PYTHON) -m stack with --durable -- python -m benchmarks

lock:  ## pin every package anew
	@$(PYTHON) -m stack lock

install:  ## install pinned packages and build the front end
	@$(PYTHON) -m stack install
