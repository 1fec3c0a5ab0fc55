# One command for each wish. Every target sets up what it needs in .venv and works on a machine that has
# only Python, make and git.
PYTHON ?= python3
VENV ?= .venv
ifneq ($(words $(VENV)),1)
$(error VENV is "$(VENV)"; make cannot hold a path with spaces: name one without)
endif
BIN := $(VENV)/bin
EXTRAS := cpu,train,cluster,export,sign,tensorrt-rtx,openvino,dicom,jpeg2000,watch,plot,bench,dev

# A name for the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'

.PHONY: help setup demo test test-versions test-gpu test-aarch64 clean-aarch64 soak check docs study wheels release \
  clean bench bench-inference bench-limits \
  bench-scenarios bench-runtime bench-export bench-training bench-uptake bench-nonmaps bench-orientation \
  bench-localisation bench-features bench-familiarity bench-simulations bench-clinical bench-methods \
  bench-ensembles types-linux types-win32 types-darwin

help:
	@echo "make demo    the main job on phantoms: train, export, verify, infer, bench"
	@echo "make test    all tests but the long ones"
	@echo "make test-versions  the runtime's tests on Python 3.10 with the oldest packages, on 3.13 with the newest"
	@echo "make test-aarch64  the runtime's tests and golden samples on an emulated Arm machine (root, binfmt_misc; an hour)"
	@echo "make test-gpu MODELS=folder  prove an NVIDIA GPU with models exported elsewhere; writes gpu-proof.json"
	@echo "make soak    the long tests: kills, power cuts, hostile files, memory (hours)"
	@echo "make check   ruff, mypy strict for Linux, Windows and macOS, import contracts"
	@echo "make docs    write docs/reference/commands.md again, after an option changed"
	@echo "make wheels  the runtime and all that it needs as wheels in $(WHEELS)/, for machines without a network"
	@echo "make release wheel, source, SBOM and sums in dist/, from a clean checkout"
	@echo "make bench   all benchmarks (hours); or one: bench-inference, -limits, -scenarios, -runtime, -export, -training"
	@echo "             -uptake, -features, -localisation, -nonmaps, -orientation, -simulations, -methods (WEIGHTS=FILE), -familiarity (MODEL=folder)"
	@echo "make study   the six strategies on 218 phantoms, 5 seeds (WEIGHTS=FILE of MobileNetV2; hours on 2 cores)"
	@echo "make clean   remove $(VENV), the demo and the models of benchmarks"

setup: $(VENV)/.installed

# The stamp is newer than what defines the environment, so nothing is installed twice.
$(VENV)/.installed: pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	  f"make: $(PYTHON) is Python {v[0]}.{v[1]}; training needs 3.11 to 3.13: make PYTHON=python3.11 ...")'
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@

demo: setup
	$(BIN)/edgecad demo

# Two processes hold two TensorFlows, up to 9 GB together; more only where there is memory for them. One that dies,
# of memory say, ends the run: a run that goes on without it has been seen to wait for ever. What takes longest begins
# first (see tests/conftest.py), so that both end together; pytest-xdist would begin with the files of most tests.
# Our modules are compiled once, and not by each of the hundreds of programs that tests start, whatever the environment
# says of bytecode.
WORKERS ?= 2
SPREAD := --dist loadgroup --no-loadscope-reorder
test: setup
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(WORKERS) $(SPREAD) --max-worker-restart 0

# The runtime alone, on the oldest Python with the oldest packages that it declares, and on the newest with the newest.
PYTHON310 ?= python3.10
PYTHON313 ?= python3.13
RUNTIME_TESTS := tests/edgecad
test-versions:
	@$(call with_versions,$(PYTHON310),.venv-minimum,--constraint constraints-minimum.txt)
	@$(call with_versions,$(PYTHON313),.venv-newest,--upgrade)

define with_versions
if ! $(1) --version > /dev/null 2>&1; then echo "make: no $(1) here, so its tests are skipped: make test-versions \
PYTHON310=... PYTHON313=..."; else $(1) -m venv $(2) && \
$(2)/bin/python -m pip install --quiet --disable-pip-version-check $(3) '.[cpu,dicom,watch,sign]' onnx scipy \
'pytest>=8.3,<9.2' pytest-timeout 'pytest-xdist>=3.7' && \
$(2)/bin/python -m pytest --numprocesses $(WORKERS) $(SPREAD) $(RUNTIME_TESTS); fi
endef

# Where a GPU and its driver are: what it does with models that were exported elsewhere, in one file that can be sent.
# Installed once, in an environment of its own without TensorFlow; from then on it needs no network. The program ends
# with 0, 4 (no card, or a step could not run) or 5 (a step failed), and make itself with 2 where that is not 0.
# TENSORRT=tensorrt adds the full one, whose package fetches its libraries from NVIDIA; what is there is tried.
TENSORRT ?= tensorrt-rtx
PROOF ?= gpu-proof.json
MINUTES ?= 10
GPU_ENVIRONMENT := .venv-gpu/.installed-$(TENSORRT)
$(GPU_ENVIRONMENT): pyproject.toml constraints-gpu.txt
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	  f"make: $(PYTHON) is Python {v[0]}.{v[1]}; constraints-gpu.txt is for 3.11 to 3.13: make PYTHON=python3.11 ...")'
	"$(PYTHON)" -m venv .venv-gpu
	.venv-gpu/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-gpu.txt onnx \
	  --editable '.[gpu,$(TENSORRT),dicom]'
	@touch $@

test-gpu: $(GPU_ENVIRONMENT)
	.venv-gpu/bin/python benchmarks/gpu.py --models $(call quoted,$(MODELS)) --out $(call quoted,$(PROOF)) --minutes $(MINUTES)

# The runtime from aarch64 wheels in an emulated Debian, kept in $(AARCH64) between runs. AARCH64_OPTIONS: for
# example --model FOLDER or --workers 8. What this machine lacks is said before anything is installed.
AARCH64 ?= .aarch64
AARCH64_OPTIONS ?=
test-aarch64:
	@"$(PYTHON)" tests/aarch64/emulate.py --folder $(call quoted,$(AARCH64)) --python $(BIN)/python --make "$(MAKE)" $(AARCH64_OPTIONS)

clean-aarch64:
	@"$(PYTHON)" tests/aarch64/emulate.py --folder $(call quoted,$(AARCH64)) --clean

# What runs for minutes to hours; a short form of each is among the tests.
soak: setup
	$(BIN)/python -m pytest -m soak -s

# A cache for each platform, or each would throw away what the one before it left; all at once, to use all cores.
PLATFORMS := linux win32 darwin
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs 3 $(PLATFORMS:%=types-%)
	$(BIN)/lint-imports
	$(BIN)/python tests/contract/house.py

$(PLATFORMS:%=types-%): types-%: setup
	$(BIN)/mypy --platform $* --cache-dir .mypy_cache/$*

docs: setup
	$(BIN)/python docs/commands.py

# Wheels for this Python and this system, or for another system: FOR_PLATFORM=manylinux_2_28_aarch64. For another Python
# name it: PYTHON=python3.10. Python 3.10 has no exact versions here, so the newest that it can have are taken.
WHEELS ?= wheels
RUNTIME_EXTRAS ?= cpu,dicom,watch,sign
FOR_PLATFORM ?=
RELEASE_BIN := .venv-release/bin
PIP := -m pip --disable-pip-version-check
.venv-release/.installed: pyproject.toml
	"$(PYTHON)" -m venv --clear .venv-release
	$(RELEASE_BIN)/python $(PIP) install --quiet 'build>=1.2' 'cyclonedx-bom>=7'
	@touch $@

wheels: .venv-release/.installed
	@if test -n "$$(ls -A $(WHEELS) 2>/dev/null)"; then echo "make: $(WHEELS)/ is not empty; remove it, or name another: \
make wheels WHEELS=..."; exit 1; fi
	$(RELEASE_BIN)/python -m build --quiet --wheel --outdir $(WHEELS) .
	exact=$$($(RELEASE_BIN)/python -c 'import sys; print("--constraint constraints.txt" if sys.version_info >= (3, 11) else "")'); \
	$(RELEASE_BIN)/python $(PIP) download --quiet --only-binary :all: --dest $(WHEELS) $$exact \
	  $(if $(FOR_PLATFORM),$(addprefix --platform ,$(FOR_PLATFORM))) "$$(ls $(WHEELS)/edgecad-*.whl)[$(RUNTIME_EXTRAS)]"
	cd $(WHEELS) && sha256sum *.whl > SHA256SUMS
	@echo "$$(ls $(WHEELS)/*.whl | wc -l) wheels in $(WHEELS)/. There: sha256sum -c SHA256SUMS, and"
	@echo "  pip install --no-index --find-links . 'edgecad[$(RUNTIME_EXTRAS)]'"

# The files of a release, each made from the one before: source, wheel, an environment with that wheel, its SBOM. Times in
# archives are that of the commit, so whoever builds the same commit gets the same wheel.
DIST ?= dist
VERSION = $$(sed -n 's/^__version__ = "\(.*\)"$$/\1/p' edgecad/__init__.py)
release: .venv-release/.installed
	@test -z "$$(git status --porcelain)" || { echo "make: the checkout has changes; commit them, or release from a clean \
clone"; exit 1; }
	@version=$(VERSION); grep -q "^## $$version " CHANGELOG.md || \
	  { echo "make: CHANGELOG.md has no section for $$version; cut it first"; exit 1; }
	@if test -n "$$(ls -A $(DIST) 2>/dev/null)"; then echo "make: $(DIST)/ is not empty; remove it, or name another: make \
release DIST=..."; exit 1; fi
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(RELEASE_BIN)/python -m build --quiet --outdir $(DIST) .
	"$(PYTHON)" -m venv --clear --without-pip .venv-sbom
	$(RELEASE_BIN)/python $(PIP) --python .venv-sbom install --quiet --constraint constraints.txt \
	  "$$(ls $(DIST)/edgecad-*.whl)[$(RUNTIME_EXTRAS)]"
	sed "s/^dynamic = .*/version = \"$(VERSION)\"/" pyproject.toml > .venv-sbom/pyproject.toml
	$(RELEASE_BIN)/cyclonedx-py environment --pyproject .venv-sbom/pyproject.toml --output-reproducible --output-format JSON \
	  --output-file $(DIST)/sbom-runtime.cdx.json .venv-sbom/bin/python
	cp constraints.txt CHANGELOG.md $(DIST)/
	cd $(DIST) && sha256sum *.whl *.tar.gz *.json *.txt *.md > SHA256SUMS
	@echo "in $(DIST)/:" && ls $(DIST)

# Hours on 2 cores, all together; each is a target of its own as well. Models are made once, in $(MODELS).
MODELS ?= edgecad-bench
bench: bench-inference bench-limits bench-scenarios bench-runtime bench-export bench-training bench-uptake \
  bench-nonmaps bench-orientation bench-localisation bench-features

# These three take about half an hour together on two quiet cores, once the models are made (some minutes a network).
bench-inference: setup
	$(BIN)/python benchmarks/inference.py models --models $(MODELS)
	$(BIN)/python benchmarks/inference.py networks --models $(MODELS)
	$(BIN)/python benchmarks/inference.py auto --models $(MODELS)
	$(BIN)/python benchmarks/inference.py explanation --models $(MODELS)
	$(BIN)/python benchmarks/inference.py cold --models $(MODELS)
	$(BIN)/python benchmarks/inference.py folder --models $(MODELS)

bench-limits: setup
	$(BIN)/python benchmarks/limits.py limit --models $(MODELS)
	$(BIN)/python benchmarks/limits.py growth --models $(MODELS)

bench-scenarios: setup
	$(BIN)/python benchmarks/scenarios.py --backbone mobilenetv2 --precision int8 --models $(MODELS)
	$(BIN)/python benchmarks/scenarios.py --backbone resnet152v2 --precision int8 --models $(MODELS)

bench-runtime: setup
	$(BIN)/python benchmarks/runtime.py start
	$(BIN)/python benchmarks/runtime.py overhead
	$(BIN)/python benchmarks/runtime.py folder

# WEIGHTS as for `make study`.
bench-uptake: setup
	$(BIN)/python benchmarks/uptake.py fresh
	$(BIN)/python benchmarks/uptake.py preparation
	$(BIN)/python benchmarks/uptake.py score --weights $(WEIGHTS)
	$(BIN)/python benchmarks/uptake.py layouts --weights $(WEIGHTS)
	$(BIN)/python benchmarks/uptake.py accuracy --weights $(WEIGHTS)
	$(BIN)/python benchmarks/uptake.py names
	$(BIN)/python benchmarks/uptake.py drawings --weights $(WEIGHTS)

bench-localisation: setup
	$(BIN)/python benchmarks/localisation.py --weights $(WEIGHTS)

bench-features: setup
	$(BIN)/python benchmarks/features.py accuracy --weights $(WEIGHTS)
	$(BIN)/python benchmarks/features.py cost --weights $(WEIGHTS)

MODEL ?= models/latest
bench-familiarity: setup
	$(BIN)/python benchmarks/familiarity.py precisions --model $(MODEL)

bench-simulations: setup
	for what in auc strategies networks recalibration; do $(BIN)/python benchmarks/simulations.py $$what || exit 1; done
	$(BIN)/python benchmarks/simulations.py zone --weights $(WEIGHTS)

bench-clinical: setup
	$(BIN)/python benchmarks/clinical.py coverage
	$(BIN)/python benchmarks/clinical.py gain --weights $(WEIGHTS)

# Table and times of other systems: on two quiet cores hours, nearly all of it rgb-cnn, which comes before the last.
# KEPT holds phantoms and studies, so that the same command goes on.
KEPT ?= edgecad-bench/methods
bench-methods: setup
	$(BIN)/python benchmarks/methods.py table --weights $(WEIGHTS) --kept $(call quoted,$(KEPT))
	$(BIN)/python benchmarks/methods.py times --weights $(WEIGHTS) --kept $(call quoted,$(KEPT))
	$(BIN)/python benchmarks/methods.py words

bench-ensembles: setup
	$(BIN)/python benchmarks/ensembles.py --weights $(WEIGHTS)

bench-nonmaps: setup
	$(BIN)/python benchmarks/nonmaps.py answered --weights $(WEIGHTS)
	$(BIN)/python benchmarks/nonmaps.py maps --weights $(WEIGHTS)

bench-orientation: setup
	$(BIN)/python benchmarks/orientation.py rates
	$(BIN)/python benchmarks/orientation.py screens
	$(BIN)/python benchmarks/orientation.py watch

bench-export: setup
	$(BIN)/python benchmarks/export.py untrained
	$(BIN)/python benchmarks/export.py cam

BACKBONE ?= resnet152v2
bench-training: setup
	$(BIN)/python benchmarks/training.py same --backbone $(BACKBONE)
	$(BIN)/python benchmarks/training.py speed --backbone $(BACKBONE)
	$(BIN)/python benchmarks/training.py speed --backbone mobilenetv2 --repeats 3
	$(BIN)/python benchmarks/training.py search
	$(BIN)/python benchmarks/training.py growth
	$(BIN)/python benchmarks/training.py memory

WEIGHTS ?= imagenet
STRATEGIES ?= all
STUDY ?= edgecad-study
study: setup
	test -d $(STUDY)/data || $(BIN)/edgecad phantom $(STUDY)/data --patients 218 --seed 0
	$(BIN)/edgecad study $(STUDY)/data --backbones mobilenetv2 --weights $(WEIGHTS) --strategies $(STRATEGIES) \
	  --seeds 5 --rates both --time-plain --out $(STUDY)/$(STRATEGIES)

clean:
	rm -rf $(VENV) .venv-gpu .venv-release .venv-sbom edgecad-demo edgecad-bench
