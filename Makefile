# Everything that is done to this project from the outside. PYTHON chooses the interpreter:
#   make test PYTHON=python3.6
# Each version has its own virtual environment below .venv/, so none disturbs another.

# An old Python takes a machine without a locale for one that knows ASCII alone.
export LC_ALL ?= C.UTF-8
# The suite starts many processes: each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
# More processes than cores: many tests wait for a server, a shell or the disk. Not many more, for each
# collects all tests for itself.
JOBS ?= 4
ARGS ?=

PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ifeq ($(PYTHON_VERSION),)
$(error "$(PYTHON)" does not run: name a Python 3.6 or newer with PYTHON=)
endif

VENV := .venv/$(PYTHON_VERSION)
RELEASE_VENV := .venv/release-$(PYTHON_VERSION)
BENCH_VENV := .venv/bench-$(PYTHON_VERSION)
SDK_VENV := .venv/bench-sdk-$(PYTHON_VERSION)
PUBLISHED_VENV := .venv/bench-published-$(PYTHON_VERSION)
BIN := $(VENV)/bin
PIP_INSTALL := -m pip install -qq --disable-pip-version-check
# Most modules of what the tests need are never imported: Python compiles those that are.
LEAN := --no-compile
CONSTRAINTS := $(if $(filter 3.6,$(PYTHON_VERSION)),-c tests/constraints-3.6.txt)
PINNED := $(CONSTRAINTS)$(if $(filter 3.11 3.12 3.13,$(PYTHON_VERSION)),-c tests/constraints.txt)
# Otherwise one process has hundreds of tests left when the others have none.
SMALL_CHUNKS := $(if $(filter 3.6,$(PYTHON_VERSION)),,--maxschedchunk=32)
METADATA := setup.py pyproject.toml
UPLOAD := $(RELEASE_VENV)/bin/python -m tools.upload

# A VERSION that happens to stand in the environment asks for nothing.
ifneq ($(origin VERSION),command line)
VERSION :=
endif

.PHONY: help demo test test-all lint format bench docs clean bump build dist upload upload-test test-release

help:
	@echo "make demo          install, create a trace from a template and show it"
	@echo "make test          install and run the test suite (ARGS='-k env' for a part of it)"
	@echo "make test-all      run all checks that a change has to pass (.ci/run)"
	@echo "make lint          check style, types and language level"
	@echo "make format        format the code with ruff"
	@echo "make bench         measure time and memory, compared with the published release and the official SDK"
	@echo "make docs          generate docs/cli.md, docs/coaia.1, docs/api.md, docs/wings.svg and docs/tour.svg from the code"
	@echo "make clean         remove build/, dist/ and *.egg-info"
	@echo "make bump          raise the version (or set it with VERSION=1.2.3)"
	@echo "make build         build and check the wheel and the source distribution (same as make dist)"
	@echo "make upload        upload dist/ to the package index, with the TWINE_ settings of ~/.env"
	@echo "make upload-test   upload dist/ to the test index"
	@echo "make test-release  bump, clean, build, check and upload-test in one step"

demo: $(VENV)/.installed
	@bash tools/demo.sh $(BIN)

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -q -n $(JOBS) $(SMALL_CHUNKS) $(ARGS)

test-all:
	bash .ci/run

ifneq ($(filter 3.6 3.7 3.8 3.9,$(PYTHON_VERSION)),)
lint format:
	@echo "make $@ needs Python 3.10 or newer, not $(PYTHON_VERSION): name one with PYTHON=" >&2; exit 1
else
lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/vermin -q -t=3.6- --no-tips --violations coaiapy setup.py bump.py

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
endif

docs: $(VENV)/.installed-test
	$(BIN)/python tools/make_cli_docs.py
	$(BIN)/python tools/make_api_docs.py
	$(BIN)/python tools/make_wings.py
	$(BIN)/python tools/make_tour.py

bench: $(BENCH_VENV)/bin/python $(PUBLISHED_VENV)/.installed-bench $(SDK_VENV)/.installed-bench
	@$(BENCH_VENV)/bin/python $(PIP_INSTALL) .
	@$(BENCH_VENV)/bin/python $(PIP_INSTALL) --no-deps --force-reinstall .
	@rm -rf build
	@$(BENCH_VENV)/bin/python bench/run.py $(CURDIR)/$(PUBLISHED_VENV)/bin/python $(CURDIR)/$(SDK_VENV)/bin/python

$(PUBLISHED_VENV)/.installed-bench: | $(PUBLISHED_VENV)/bin/python
	@$(PUBLISHED_VENV)/bin/python $(PIP_INSTALL) coaiapy==0.6.2
	@touch $@

$(SDK_VENV)/.installed-bench: | $(SDK_VENV)/bin/python
	@$(SDK_VENV)/bin/python $(PIP_INSTALL) 'langfuse>=4.14,<5'
	@touch $@

# An old pip links an environment to the egg-info folder: without that, it has to install again.
EGG_LINKS = $(wildcard .venv/*/lib/python*/site-packages/coaiapy.egg-link)

clean:
	rm -rf build dist *.egg-info $(foreach link,$(EGG_LINKS),$(firstword $(subst /lib/, ,$(link)))/.installed*)

bump:
	@$(PYTHON) bump.py $${VERSION:+"$$VERSION"}

# The environment holds nothing but the tools, as one that is made for a single build would.
build: $(RELEASE_VENV)/.ready clean
	$(RELEASE_VENV)/bin/python -m build --no-isolation
	$(RELEASE_VENV)/bin/python -m twine check --strict dist/*

dist: build

upload: $(RELEASE_VENV)/.ready
	@$(UPLOAD) pypi

upload-test: $(RELEASE_VENV)/.ready
	@$(UPLOAD) testpypi

# Nothing is bumped for an upload that cannot take place.
test-release: $(RELEASE_VENV)/.ready
	@$(UPLOAD) --check testpypi
	@$(MAKE) --no-print-directory bump
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory upload-test

# Python 3.6's own pip cannot resolve today's packages, and has to be replaced by itself alone.
$(VENV)/bin/python $(RELEASE_VENV)/bin/python $(BENCH_VENV)/bin/python $(PUBLISHED_VENV)/bin/python $(SDK_VENV)/bin/python:
	@echo "making the environment $(@:/bin/python=) with $(PYTHON)" >&2
	@$(PYTHON) -m venv --clear $(@:/bin/python=)
ifeq ($(PYTHON_VERSION),3.6)
	@$@ $(PIP_INSTALL) pip==21.3.1
endif

$(RELEASE_VENV)/.ready: Makefile | $(RELEASE_VENV)/bin/python
	@echo "installing the tools of a release into $(RELEASE_VENV)"
	@$(RELEASE_VENV)/bin/python $(PIP_INSTALL) $(LEAN) $(CONSTRAINTS) build twine 'setuptools>=59' wheel python-dotenv
	@touch $@

# An editable install leaves out the man page; man looks for it beside the programs on PATH.
MAN_PAGE = mkdir -p $(VENV)/share/man/man1 && ln -sf '$(CURDIR)/docs/coaia.1' $(VENV)/share/man/man1/

$(VENV)/.installed: $(METADATA) | $(VENV)/bin/python
	@echo "installing coaiapy into $(VENV)"
	@$(BIN)/python $(PIP_INSTALL) $(CONSTRAINTS) -e .
	@$(MAN_PAGE)
	@touch $@

$(VENV)/.installed-%: $(METADATA) | $(VENV)/bin/python
	@echo "installing coaiapy[$*] into $(VENV)"
	@$(BIN)/python $(PIP_INSTALL) $(LEAN) $(PINNED) -e '.[$*]'
	@$(MAN_PAGE)
	@touch $(VENV)/.installed $@
