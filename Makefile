# framelog: every target sets up what it needs first. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
DATA ?= data
WORKERS ?= 2
export UV_LINK_MODE ?= hardlink
# Bytecode is kept, with the packages, even where the environment says to keep none: every process of the platform
# would compile all it imports at each start (the command line .9 s instead of .45, a worker 1.2 instead of .5).
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/bytecode

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test test-fast test-slow faults check lint format bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/.uv: deploy/locks/uv.lock
	@$(PYTHON) deploy/bootstrap.py venv $(VENV)
	@touch $@

$(VENV)/.default: $(VENV)/.uv deploy/locks/default.lock deploy/locks/build.lock pyproject.toml
	@$(BIN)/python deploy/bootstrap.py packages $(VENV) default
	@touch $@

$(VENV)/.dev: $(VENV)/.uv deploy/locks/dev.lock deploy/locks/build.lock pyproject.toml
	@$(BIN)/python deploy/bootstrap.py packages $(VENV) dev
	@touch $@ $(VENV)/.default

setup: $(VENV)/.default ## install what the platform needs (no docker, no GPU)
	@$(BIN)/framelog setup

setup-dev: $(VENV)/.dev ## the same and what its tests need
	@$(BIN)/framelog setup

demo: setup ## start the platform, play a clip, open the page  [SOURCE=… ONCE=1 DATA=DIR]
	@$(BIN)/framelog demo --data $(DATA) $(if $(SOURCE),--source '$(SOURCE)') $(if $(ONCE),--once)

test: setup-dev ## the whole test suite, in WORKERS processes at once
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

test-fast: setup-dev ## what needs no broker, store or browser
	$(BIN)/pytest -n $(WORKERS) -m "not slow and not kafka and not store and not browser" $(ARGS)

test-slow: setup-dev ## the slow part alone
	$(BIN)/pytest -n $(WORKERS) -m "slow" $(ARGS)

faults: setup-dev ## every fault campaign whole: all kills, joins and freezes  [FRAMELOG_SEED=…]
	FRAMELOG_KILLS=all FRAMELOG_FAULTS=full $(BIN)/pytest -s tests/faults tests/processors/test_shell_kafka.py $(ARGS)

check: $(VENV)/.dev ## format, lint, types, layers, schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.generate --check
	$(BIN)/python -m connectors.clickhouse.ddl --check
	$(BIN)/python -m schemas.released --check
	$(BIN)/python -m deploy.configuration --check

lint: check

format: $(VENV)/.dev ## put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m schemas.generate
	$(BIN)/python -m connectors.clickhouse.ddl
	$(BIN)/python -m deploy.configuration

bench: setup-dev ## the numbers to hold, as ratios against a baseline in the same run
	$(BIN)/python -m tests.bench $(ARGS)

LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: $(VENV)/.uv ## resolve the locks anew
	$(LOCK) pyproject.toml -o deploy/locks/default.lock
	$(LOCK) --extra dev pyproject.toml -o deploy/locks/dev.lock
	$(LOCK) --override deploy/locks/gpu.overrides --extra gpu pyproject.toml -o deploy/locks/gpu.lock

clean: ## remove what was built (not the data)
	rm -rf $(VENV) api/page/dist api/page/node_modules .mypy_cache .ruff_cache .pytest_cache
