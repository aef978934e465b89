# Two commands matter: `make run` and `make test`. `make help` lists all.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8501
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q

.DEFAULT_GOAL := help
.PHONY: help run test coverage check format docs bench lock wheel demo browser clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

run: $(VENV)/installed ## Build the sample portfolio once and serve it at http://127.0.0.1:8501
	@$(BIN)/lifecycle demo --if-missing
	@$(BIN)/lifecycle serve --host $(HOST) --port $(PORT)

demo: $(VENV)/installed ## Build the sample portfolio anew
	@$(BIN)/lifecycle demo --fresh

test: $(VENV)/installed-dev browser ## Run every test
	$(BIN)/python -m pytest

coverage: $(VENV)/installed-dev ## Branch coverage of the layers that compute and decide
	$(BIN)/python -m pytest -q -m "not browser" --cov=lifecycle --cov-branch --cov-report=
	$(BIN)/coverage report --include='lifecycle/domain/*,lifecycle/stats/*' --fail-under=100
	$(BIN)/coverage report --include='lifecycle/store/*,lifecycle/engines/*,lifecycle/services/*' --fail-under=95

check: $(VENV)/installed-dev ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

format: $(VENV)/installed-dev ## Put the code in its one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/installed-dev ## Write the pages that list commands and statistics
	$(BIN)/python docs/make.py

bench: $(VENV)/installed-dev ## Measure page times, and the counting beside a plain scan
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/side_by_side.py

lock: ## Compile the lock files anew (needs uv)
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" pyproject.toml --group build -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

wheel: $(VENV)/installed-dev ## Build the wheel into dist/
	$(BIN)/python -m hatchling build -t wheel -d dist

browser: # A Chromium for the browser tests, where apt can bring one
	@if command -v chromium >/dev/null 2>&1; then :; \
	elif command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	  echo "Installing Chromium for the browser tests"; \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium) >/dev/null 2>&1 \
	  || echo "Chromium could not be installed: the browser tests will be skipped and say so"; \
	else echo "No Chromium and no apt as root: the browser tests will be skipped and say so"; fi

clean: ## Remove what was installed and built (the workspace stays)
	rm -rf $(VENV) dist build

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Lifecycle needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@[ -e $(VENV)/installed-dev ] || { echo "Installing what is locked (a minute or two, once)"; $(PIP) install --no-deps --require-hashes -r requirements.lock; }
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what is locked, with the test tools (a minute or two, once)"
	@$(PIP) install --no-deps --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/installed
