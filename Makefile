# `make run` serves the demo, `make test` runs every check. Both set up what they need first.
.DELETE_ON_ERROR:
.PHONY: run test test-long lint bench translations lock pictures clean

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

run: $(VENV)/.run $(MO)
	@exec $(BIN)/python -m portal demo $(if $(PORT),--port $(PORT))

test: $(VENV)/.test $(MO)
	@.ci/debian-packages
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest $(ARGS)

# The nightly one: the same tests with far more made-up stories.
test-long: $(VENV)/.test $(MO)
	@.ci/debian-packages
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@mkdir -p .build
	@$(BIN)/lint-imports --no-cache > .build/imports.txt || { cat .build/imports.txt; exit 1; }

# Measures on the stories that the tests tell, so it needs what they need.
bench: $(VENV)/.test $(MO)
	@$(BIN)/python -m bench $(ARGS)

# Takes new texts out of code and templates into the catalogues; what is not translated yet stays empty and fails a test.
# Renews the generated pages of docs/ too.
translations: $(VENV)/.run
	@$(BIN)/python -m portal.translations
	@$(BIN)/python -m portal write-docs

# Renews the pins. Records hashes, no addresses.
lock: $(VENV)/.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --quiet --upgrade -o requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml --extra test -c requirements/run.txt --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --upgrade -o requirements/test.txt
	$(BIN)/uv pip compile requirements/lock.in --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --upgrade -o requirements/lock.txt

# Renews the pictures of the README from the browser test that plays the story.
pictures: $(VENV)/.test $(MO)
	@.ci/debian-packages
	@PICTURES=docs/pictures $(BIN)/python -m pytest tests/journeys -q -n 0

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
