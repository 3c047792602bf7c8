# Everything runs from a virtual environment in .venv, made on first use. Only Python 3.11 or newer and git are needed;
# packages come from wherever pip is configured to look.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := $(VENV)/run.stamp
DEV := $(VENV)/dev.stamp
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run worker test lint types floors tests postgres snapshots migration docs bench chaos screenshots check clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN) ## serve on AFTERRUN_HOST:AFTERRUN_PORT (127.0.0.1:5000), with the database of DATABASE_URL (SQLite)
	@case "$$DATABASE_URL" in postgres*) $(BIN)/python -c 'import psycopg' 2>/dev/null || $(PIP) install -e '.[postgres]' ;; esac
	@exec $(BIN)/afterrun serve

worker: $(RUN) ## run the background worker alone, beside a server on another machine
	@exec $(BIN)/afterrun worker

test: lint types floors tests ## lint, types, floors, then every test with coverage; names what it skips and why

check: test postgres ## what CI runs: test, then postgres

lint: $(DEV) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV) ## mypy --strict over the product and its tests
	$(BIN)/mypy

floors: $(DEV) ## import-linter: which room may import which
	@$(BIN)/lint-imports

tests: $(DEV)
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --durations=10 --cov --cov-report=term

postgres: $(DEV) ## every test that has a database once more, on a PostgreSQL of its own
	TEST_DATABASE=postgres $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m integration --durations=5

snapshots: $(DEV) ## record the snapshots anew: read the difference before you commit it
	$(BIN)/python -m pytest -q --update

migration: $(DEV) ## make migration m="what changes": write a migration from the models
	@test -n "$(m)" || { echo 'say what changes: make migration m="add the priority of a service"' >&2; exit 2; }
	@scratch=$$(mktemp -d) && trap 'rm -r "$$scratch"' EXIT && export AFTERRUN_INSTANCE="$$scratch" && unset DATABASE_URL \
	  && $(BIN)/flask --app webapp.app db upgrade && $(BIN)/flask --app webapp.app db migrate -m "$(m)"

docs: $(DEV) ## write the generated pages of docs/ anew
	$(BIN)/python -m pytest -q --update-docs

bench: $(DEV) ## measure speed and size; the figures go to docs/performance.md
	$(BIN)/python -m bench

chaos: $(DEV) ## kill server and workers for a minute on each engine; the figures go to docs/performance.md
	$(BIN)/python -m bench chaos

screenshots: $(DEV) ## take the pictures of docs/pictures anew, from a server with real runs
	$(BIN)/python -m tests.e2e.screenshots

clean: ## remove caches and reports; .venv and instance/ stay
	rm -rf build htmlcov test-results .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .grimp_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# --- the virtual environment -------------------------------------------------------------------------------------------

$(RUN): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what runs the product (only when requirements.txt or pyproject.toml changed) ..."
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps -e .
	@touch $@

$(DEV): requirements-dev.txt requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what tests and checks need (only when a requirements file or pyproject.toml changed) ..."
	@$(PIP) install -r requirements-dev.txt
	@$(PIP) install --no-deps -e .
	@touch $(RUN) $@

# A Python that is new enough and can make virtual environments; `make PYTHON=/path/to/python3.12 run` chooses one.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    rm -f $(VENV)/*.stamp; \
	    exec "$$python" -m venv $(VENV); \
	  fi; \
	done; \
	echo 'Afterrun needs Python 3.11 or newer with its venv module, and found none:' >&2; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  "$$python" -c 'import sys; print("  '"$$python"' is", sys.version.split()[0])' 2>/dev/null >&2 || echo "  $$python does not run" >&2; \
	done; \
	echo 'On Debian and Ubuntu: apt-get install python3 python3-venv. Or name one: make PYTHON=/path/to/python3.12 run' >&2; \
	exit 1
