# Needs Python 3.11 or newer, make, and a package index that pip can reach. Everything lands in .venv and out.
PYTHON ?= python3
SCENARIO ?= henan-2019-2022
OUT ?= out/$(SCENARIO)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A lock lists every package of every system with its hashes: pip installs it as it stands and looks for nothing else.
INSTALL := $(PIP) install --quiet --no-deps --require-hashes -r
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

.DELETE_ON_ERROR:
.PHONY: help venv plan test check-long bench lint style lock data docs dist bundle clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# The stamps hold the moment of the last installation; a changed lock file or pyproject.toml installs again.
# The package itself is installed last, editable, with the locked setuptools and without looking at any index.
$(VENV)/run.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; say which: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	$(INSTALL) requirements-dev.lock
	@touch $@

venv: $(VENV)/dev.stamp  ## Create .venv with everything for running and developing

plan: $(VENV)/run.stamp  ## Plan the province and say where the results are (SCENARIO=, OUT=)
	$(BIN)/allocator plan scenarios/$(SCENARIO).toml --out $(OUT) --force

# Types are checked beside the tests, and said below them. Programs that the tests start would compile the package every time
# where Python is told to keep no bytecode.
test: style  ## Everything that must pass before a commit
	@mkdir -p out; $(BIN)/mypy >out/types.txt 2>&1 & types=$$!; \
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist worksteal; tests=$$?; \
	wait $$types; types=$$?; cat out/types.txt; exit $$((tests | types))

lint: style  ## Style, format and types
	$(BIN)/mypy

style: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-long: $(VENV)/dev.stamp  ## The tests that take long, an hour on two quiet processors (PART=3/12: a part, BUDGET=: seconds)
	$(BIN)/python -m pytest -m long -vv --durations=0 $(if $(PART),--part=$(PART)) $(if $(BUDGET),--budget=$(BUDGET)) $(LONG)

bench: $(VENV)/run.stamp  ## Half an hour and more: the shipped scenarios and growing ones measured, then our peers
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/growth.py --people 2000 10000
	$(BIN)/python benchmarks/again.py
	$(BIN)/python benchmarks/peers.py --seconds 20

data: $(VENV)/run.stamp  ## Make the invented data of the three scenarios again, and what the package ships of them
	$(BIN)/allocator generate tiny --out data/tiny --tables-only --force
	$(BIN)/allocator generate one-prefecture --out data/one-prefecture --tables-only --force
	$(BIN)/allocator generate henan --out data/henan/province --tables-only --force
	cp scenarios/tiny.toml scenarios/one-prefecture.toml scenarios/henan-2019-2022.toml allocator/sample_data/scenarios/
	cp data/tiny/policy.toml allocator/sample_data/policies/tiny.toml
	cp data/henan/policy.toml allocator/sample_data/policies/henan.toml

docs: $(VENV)/dev.stamp  ## Build the documentation site in out/docs; a broken link is an error
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env --jobs auto docs out/docs
	@echo "Open out/docs/index.html"

# Addresses of indexes stay out of the lock files, so that each machine uses its own. The package is built with setuptools.
lock: $(VENV)/dev.stamp  ## Choose versions again and lock them with hashes, for every system and Python
	echo "setuptools>=77" | $(COMPILE) pyproject.toml - --output-file requirements.lock
	echo "setuptools>=77" | $(COMPILE) pyproject.toml - --extra dev --constraint requirements.lock --output-file requirements-dev.lock

# The wheel is built from a copy. The tree stays as it is: setuptools would leave its folders beside the sources.
dist: $(VENV)/run.stamp  ## Build the wheel in out/dist
	@rm -rf out/dist/source out/dist/*.whl && mkdir -p out/dist/source
	cp -r allocator pyproject.toml README.md LICENSE out/dist/source/
	$(PIP) wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir out/dist out/dist/source
	@rm -rf out/dist/source

bundle: dist  ## One archive for offices without a network, in out/dist (PLATFORM=windows, linux or macos, PYTHON_VERSION=3.12)
	$(BIN)/python bundle/build.py out/dist/*.whl $(if $(PLATFORM),--platform $(PLATFORM)) $(if $(PYTHON_VERSION),--python $(PYTHON_VERSION))

clean:  ## Remove .venv, caches and results
	rm -rf $(VENV) out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
