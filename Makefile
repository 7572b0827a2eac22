# Everything runs in an environment of the project's own (.venv); nothing is installed elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python tools/install.py

# How many flows `make differential` invents.
FLOWS ?= 2000
# How many changes `make mutants` tries.
CHANGES ?= 300

.DEFAULT_GOAL := help
.PHONY: help demo ui test test-ui check check-ui screenshots format pythons compat differential invariants mutants bench bench-compare bench-scale peers clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.run ## Set up, start a server and an agent, run hello-world and watch it (KEEP=1: leave them running)
	@KEEP=$(KEEP) $(BIN)/python tools/demo.py

ui: $(VENV)/.run ## Build the web UI into the package (Node from PATH, or else installed into .venv)
	@$(BIN)/python tools/ui.py build

test: $(VENV)/.dev ## Set up what the tests need and run them all
	@$(BIN)/python -m pytest

test-ui: $(VENV)/.dev ## The web UI: types, lint, unit tests, and every test in a browser, on both databases
	@$(BIN)/python tools/ui.py check
	@PROCTOR_UI_TESTS=all $(BIN)/python -m pytest tests/e2e/ui

check-ui: $(VENV)/.dev ## The same without a browser
	@$(BIN)/python tools/ui.py check

screenshots: $(VENV)/.dev ## Pictures of each screen in both themes, for the docs
	@$(BIN)/python tools/ui.py screenshots

check: $(VENV)/.dev ## Formatting, lint, types and layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## Format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

pythons: $(VENV)/.dev ## The quick part of the tests with the other supported versions of Python, and with the oldest allowed packages
	@$(BIN)/python tools/other_pythons.py

compat: $(VENV)/.dev ## Install the released 1.4.1 client beside us (.compat) and let it use our server
	@$(BIN)/python tools/compat_env.py
	@$(BIN)/python -m pytest tests/compat

differential: $(VENV)/.dev ## Run FLOWS=2000 invented flows with the released 1.4.1 and with us, and compare (SEED=...)
	@$(BIN)/python tools/compat_env.py
	@$(BIN)/python tests/differential/run.py --flows $(FLOWS) $(if $(SEED),--seed $(SEED))

invariants: $(VENV)/.dev ## The history checker for long: clients and faults on both databases, five seeds
	@for seed in 1 2 3 4 5; do PROCTOR_INVARIANT_SEED=$$seed PROCTOR_INVARIANT_SECONDS=60 $(BIN)/python -m pytest -q -rP tests/invariants || exit 1; done

mutants: $(VENV)/.dev ## Small faults in the source, one at a time: does a test notice? (SEED=... CHANGES=300 ROOMS=a,b CHANGED=commit)
	@nice -n 10 $(BIN)/python tools/mutants.py --changes $(CHANGES) $(if $(SEED),--seed $(SEED)) $(if $(ROOMS),--rooms "$(ROOMS)") $(if $(CHANGED),--changed $(CHANGED))

bench: $(VENV)/.dev ## Measure: engine, start-up, server (writes to bench/results)
	@$(BIN)/python bench/run.py

bench-scale: $(VENV)/.dev ## A full database beside an empty one, on both kinds: an hour, or ten minutes with SCALE=0.1 (ONLY=writes,pages DATABASE=sqlite)
	@$(BIN)/python bench/scale.py --scale $(or $(SCALE),1) $(if $(ONLY),--only $(ONLY)) $(if $(DATABASE),--database $(DATABASE))

bench-compare: $(VENV)/.dev ## What a task and a change of the backend cost beside the commit before (BEFORE=HEAD~1)
	@$(BIN)/python bench/compare.py --before $(or $(BEFORE),HEAD~1)

peers: $(VENV)/.dev ## Environments of Prefect 3, DBOS and Restate, for bench/beside_peers.py (some 600 MB; npm)
	@$(BIN)/python bench/beside_peers.py --set-up

clean: ## Remove the environments and caches
	@rm -rf $(VENV) .venv-* .compat .peers .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# The interpreter is checked before anything is made: a clear sentence beats pip's error.
$(VENV)/pyvenv.cfg:
	@command -v $(PYTHON) >/dev/null || { echo "make: '$(PYTHON)' was not found; install Python 3.11 or newer, or call make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1); call make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/pyvenv.cfg pyproject.toml
	@echo "Installing Proctor (about half a minute the first time) ..."
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/pyvenv.cfg pyproject.toml
	@echo "Installing Proctor and what its tests need (about a minute the first time) ..."
	@$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.run
