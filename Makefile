# What can be done here; `make` alone lists it. Needs Python 3.11 or newer and make, nothing else.
PYTHON_HERE = .venv/bin/python
PYTEST_ARGS ?=
# two processes of pytest: most tests wait for something (tests/in_two.py says which stay together)
IN_TWO = -n 2 --dist loadscope --no-loadscope-reorder
SOAK_ARGS ?=
FILE ?= models/demo.flac

.PHONY: help run demo test test-tools lint soak bench models clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, start everything, print the address; Ctrl-C stops it
	@sh scripts/install.sh run
	@exec $(PYTHON_HERE) -m scripts.run

demo: ## stream a recording (FILE=...) through the pipeline and show words, sentiments, log lines
	@sh scripts/install.sh run
	@exec $(PYTHON_HERE) -m scripts.demo "$(FILE)"

test: test-tools ## every test (PYTEST_ARGS="-k name" for some)
	$(PYTHON_HERE) -m pytest $(IN_TWO) $(PYTEST_ARGS)

test-tools:
	@sh scripts/system_packages.sh
	@sh scripts/install.sh test

lint: ## ruff and mypy; pre-commit runs exactly this
	@sh scripts/install.sh test
	$(PYTHON_HERE) -m ruff check .
	$(PYTHON_HERE) -m mypy

soak: ## throw faults at a running pipeline for half an hour (SOAK_ARGS="--minutes 5 --calm") and check the books
	@sh scripts/install.sh test
	$(PYTHON_HERE) -m tests.faults $(SOAK_ARGS)

bench: ## measure; prints a table and writes bench-results/
	@sh scripts/install.sh test
	$(PYTHON_HERE) -m tests.bench

models: ## train the small shipped models again; needs espeak-ng, about an hour
	@sh scripts/install.sh test
	$(PYTHON_HERE) -m models.training

clean: ## remove what running and testing left behind, but not .venv and logs/
	rm -rf .run .pytest_cache .mypy_cache .ruff_cache .hypothesis bench-results
	find . -name __pycache__ -not -path './.venv/*' -exec rm -rf {} +
