# One command for each thing a person does here. `make test` and `make demo` do all the set-up.
# Needs Python 3.11 or newer, Node.js 20 or newer and make; PYTHON=python3.12 names another Python.

PYTHON ?= python3
PORT ?=
BROWSER ?=
LIVE ?=
PART ?=
SEED ?=

run = $(PYTHON) -m scripts
venv = .venv/bin

.PHONY: help test attacks fuzz soak demo setup lint types format bench dev wheel lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

test: ## everything, or PART="unit ui" of lint types ts unit cli notebooks ui packaging bench
	@$(run).run_tests $(PART)

attacks: ## every attack in every place where an agent's text can appear (minutes)
	@$(run).setup package browser
	ATTACKS=all $(venv)/python -m pytest -q -n 2 tests/ui/test_attacks.py

fuzz: ## a million inputs that nobody would send, over every surface (SEED=7 for the same again)
	@$(run).setup package
	nice $(venv)/python -m tests.fuzz $(if $(SEED),--seed $(SEED))
	MONSTERS=all $(venv)/python -m pytest -q -s tests/test_hostile_frames.py
	TREES=2000 $(venv)/python -m pytest -q -o timeout=0 tests/test_patches.py

soak: ## 2,000 executions through one kernel, kills, restarts and the model check (half an hour)
	@$(run).setup package browser
	$(venv)/python -m tests.soak

demo: ## JupyterLab on the quickstart notebook (PORT=8899, BROWSER=none, LIVE=1 for your own claude)
	@$(run).setup package
	@$(venv)/python -m scripts.demo --port="$(PORT)" --browser="$(BROWSER)" --live="$(LIVE)"

setup: ## the environment, the front end, the browser and the second kernel, and no more
	@$(run).setup

lint: ## ruff and biome
	@$(run).run_tests lint

types: ## mypy, tsc and the generated types
	@$(run).run_tests types

format: ## rewrite what ruff and biome can put right
	@$(run).setup python npm
	$(venv)/ruff check --fix
	$(venv)/ruff format
	cd js && npm run --silent format

bench: ## the benchmarks, in full, as one table in build/benchmarks
	@$(run).setup package
	$(venv)/python -m benchmarks

dev: ## JupyterLab, with the front end rebuilt as it changes (restart the kernel to see it)
	@$(run).setup package
	@$(venv)/python -m scripts.demo --port="$(PORT)" --browser="$(BROWSER)" --live="$(LIVE)" --watch

wheel: ## dist/, built from a fresh front end
	@$(run).setup python
	CLAUDE_WIDGET_BUILD_JS=1 $(venv)/python -m hatchling build --clean

lock: ## resolve requirements/*.in again
	@$(run).lock

clean: ## remove what was made here, the environments included
	rm -rf .venv .venvs dist build test-results js/node_modules claude_widget/static
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
