# Every target sets up what it needs first. A line with `##` above a target is what `make help` says of it.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run check test test-long lint bench translations lock sbom pictures clean

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough. PYTHON=... on the command line chooses another one.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --no-compile --require-hashes
PO := $(wildcard portal/translations/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)
# Where this is set, every process of the demo and of the tests would compile every library anew: 5 s instead of 2.
unexport PYTHONDONTWRITEBYTECODE

## Lists the targets (what a bare `make` does)
help:
	@awk '/^## /{about = substr($$0, 4); next} about && /^[a-z-]+:/{printf "make %-13s %s\n", substr($$1, 1, index($$1, ":") - 1), about} \
		{about = ""}' $(firstword $(MAKEFILE_LIST))

## Serves the demo on a printed address (PORT=... chooses it)
run: $(VENV)/.run $(MO)
	@exec $(BIN)/python -m portal demo $(if $(PORT),--port $(PORT))

# Which tests are quick is worked out in tests/conftest.py; together with lint and types they take under three minutes.
## Before a commit: lint, types and the quick tests (ARGS=... for pytest)
check: $(VENV)/.test $(MO)
	@.ci/debian-packages
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -m quick -n 2 $(ARGS)

## Every check (ARGS=... for pytest)
test: $(VENV)/.test $(MO)
	@.ci/debian-packages
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest $(ARGS)

## The nightly one: the same tests with far more made-up stories
test-long: $(VENV)/.test $(MO)
	@.ci/debian-packages
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest $(ARGS)

## Style, types and the direction of imports
lint: $(VENV)/.test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@mkdir -p .build
	@$(BIN)/lint-imports --no-cache > .build/imports.txt || { cat .build/imports.txt; exit 1; }

# On the stories that the tests tell, so it needs what they need.
## Measures (ARGS="case_page --help" for one measurement)
bench: $(VENV)/.test $(MO)
	@$(BIN)/python -m bench $(ARGS)

# What is not translated yet stays empty and fails a test.
## Takes new texts into the catalogues and renews the generated pages of docs/
translations: $(VENV)/.run
	@$(BIN)/python -m portal.translations
	@$(BIN)/python -m portal write-docs

# Records hashes, no addresses.
## Renews the pins in requirements/
lock: $(VENV)/.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --quiet --upgrade -o requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml --extra test -c requirements/run.txt --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --upgrade -o requirements/test.txt
	$(BIN)/uv pip compile requirements/lock.in --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --upgrade -o requirements/lock.txt

# The pins name every package of the product with its hashes, not which needs which (the program warns of that);
# what is vendored has no pin (docs/dependencies.md).
## Writes the bill of materials of the pins to .build/sbom.json (CycloneDX)
sbom: $(VENV)/.test
	@mkdir -p .build
	@PYTHONWARNINGS="ignore:The Component this BOM" $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --short-PURLs \
		--sv 1.6 --of JSON -o .build/sbom.json requirements/run.txt

## Renews the pictures of the README from the browser test that plays the story
pictures: $(VENV)/.test $(MO)
	@.ci/debian-packages
	@PICTURES=docs/pictures $(BIN)/python -m pytest tests/journeys -q -n 0

## Takes away what make has made; not the demo's data
clean:
	rm -rf $(VENV) .build tests/support/providers/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing. Install it (Debian: apt install python3 python3-venv)."; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) lacks venv. Install it (Debian: apt install python3-venv)."; exit 1; }
	@echo "Setting up in $(VENV) with $$($(PYTHON) --version) ..."
	@"$(PYTHON)" -m venv --clear $(VENV)
	@mkdir -p .build
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.txt pyproject.toml
	@$(PIP) -r requirements/run.txt
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt tests/support/providers/package-lock.json
	@$(PIP) -r requirements/test.txt
	@command -v npm >/dev/null || .ci/debian-packages
	@npm --prefix tests/support/providers ci --silent || { echo "The providers that sign-in is tested with could not be \
	installed: npm (with node 20 or newer) must be able to fetch what tests/support/providers/package-lock.json names."; exit 1; }
	@touch $@

# What renews the pins is itself pinned; only `make lock` needs it.
$(VENV)/.lock: $(VENV)/.made requirements/lock.txt
	@$(PIP) -r requirements/lock.txt
	@touch $@

%.mo: %.po $(VENV)/.run
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
