# One command for each wish. Every target sets up what it needs in .venv and works on a machine that has
# only Python, make and git.
PYTHON ?= python3
VENV ?= .venv
ifneq ($(words $(VENV)),1)
$(error VENV is "$(VENV)"; make cannot hold a path with spaces: name one without)
endif
BIN := $(VENV)/bin
EXTRAS := cpu,train,export,dicom,dev

.PHONY: help setup demo test check bench clean

help:
	@echo "make demo    the main job on phantoms: train, export, verify, infer, bench"
	@echo "make test    all tests"
	@echo "make check   ruff, mypy strict, import contracts"
	@echo "make bench   scratch, warm-up and two-stage on phantoms (WEIGHTS=FILE, about an hour on 2 cores)"
	@echo "make clean   remove $(VENV) and the demo's folder"

setup: $(VENV)/.installed

# The stamp is newer than what defines the environment, so nothing is installed twice.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	  f"make: $(PYTHON) is Python {v[0]}.{v[1]}; training needs 3.11 to 3.13: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@

demo: setup
	$(BIN)/edgecad demo

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

WEIGHTS ?= imagenet
bench: setup
	$(BIN)/python benchmarks/phantom_strategies.py --weights $(WEIGHTS)

clean:
	rm -rf $(VENV) edgecad-demo
