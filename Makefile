# Everything a person needs, from nothing but Python >= 3.11 and make. All of it stays in this folder.
# `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The Python to build on: the first one here that is new enough. `make PYTHON=python3.13 ...` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; \
	done)

# Ours: the project and its development tools in .venv; sam, aws and the installer, which pin their own
# dependencies tightly, in .tools; MiniStack in .personalize/ministack.
UV := .tools/bin/uv
UV_INSTALL := $(UV) pip install --quiet --python
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

# The MovieLens folder (ml-latest-small) that `make demo DATA=...` runs on; without it, the example.
DATA ?=
# What `make check` runs the demo on, when it is there.
CHECK_DATA ?= $(if $(PERSONALIZE_SHARED),$(wildcard $(PERSONALIZE_SHARED)/data/ml-latest-small))

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: setup  ## deploy on this computer, upload the example, train, recommend (DATA=<ml-latest-small> for MovieLens)
	@python example/demo.py $(if $(DATA),--movielens "$(DATA)")

.PHONY: test
test: setup-dev  ## all tests, those on the local stack included (ARGS="-k campaign" to choose)
	pytest $(ARGS)

.PHONY: check
check: lint types template setup-spark test  ## what CI runs: lint, types, template, all tests, and the demo on MovieLens if it is there
ifneq ($(CHECK_DATA),)
	@python example/demo.py --movielens "$(CHECK_DATA)"
else
	@echo "No MovieLens data here (CHECK_DATA=<folder of ml-latest-small>): the demo on it is left out."
endif

.PHONY: benchmark
benchmark: setup-dev  ## tables of speed and quality, and Amazon's own records if they are there (ARGS="training" to choose)
	@python benchmarks/all.py $(ARGS)

.PHONY: lint
lint: .venv/.dev
	ruff check
	ruff format --check

.PHONY: types
types: .venv/.dev
	mypy

.PHONY: template
template: .tools/.tools
	cfn-lint template.yaml example/glue/template.yaml
	sam validate --lint --template template.yaml

.PHONY: format
format: .venv/.dev  ## put the code into its form
	ruff check --fix
	ruff format

.PHONY: lock
lock: $(UV)  ## renew all pinned versions and their hashes
	$(COMPILE) pyproject.toml --extra cli --extra local --group dev -o requirements/dev.txt
	$(COMPILE) pyproject.toml --extra cli --extra local -c requirements/dev.txt -o requirements/project.txt
	$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/layer.txt
	$(COMPILE) requirements/tools.in -o requirements/tools.txt
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) requirements/spark.in -o requirements/spark.txt
	$(COMPILE) requirements/ministack.in -o src/personalize_pipeline/local_stack/ministack.txt

COMPILE = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"

.PHONY: clean
clean:  ## stop the local stacks and remove everything that was made here
	@if [ -x .venv/bin/personalize ]; then .venv/bin/personalize local down --all; fi
	rm -rf .venv .tools .spark .personalize .aws-sam build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- environments: each is made once, and again when its pins change -------------------------------------------

.PHONY: setup setup-dev setup-spark
setup: .venv/.project .tools/.tools  ## put sam, aws and personalize into this folder (.tools/bin, .venv/bin)
setup-dev: .venv/.dev .tools/.tools  ## the same, with the tools for development
setup-spark: .spark/.spark  ## Spark with its Java (580 MB in .spark), for the tests of example/glue

$(UV): requirements/uv.txt
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed and was not found. PYTHON=<path> names one." >&2; exit 1; fi
	@echo "Setting up .tools (once)"
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/bin/python: | $(UV)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv

.venv/.project: requirements/project.txt requirements/build.txt pyproject.toml | .venv/bin/python
	@echo "Setting up .venv (once)"
	@$(UV_INSTALL) .venv --require-hashes -r requirements/project.txt
	@$(UV_INSTALL) .venv --require-hashes -r requirements/build.txt
	@$(UV_INSTALL) .venv --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.project
	@echo "Setting up the development tools in .venv (once)"
	@$(UV_INSTALL) .venv --require-hashes -r requirements/dev.txt
	@touch $@

.spark/.spark: requirements/spark.txt requirements/spark-java.sh | $(UV)
	@echo "Setting up Spark and its Java in .spark (once)"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .spark
	@$(UV_INSTALL) .spark --require-hashes -r requirements/spark.txt
	@install -D -m 755 requirements/spark-java.sh .spark/java/bin/java
	@touch $@

.tools/.tools: requirements/tools.txt | $(UV)
	@echo "Setting up sam, aws and cfn-lint in .tools (once)"
	@$(UV_INSTALL) .tools --require-hashes -r requirements/tools.txt
	@touch $@
