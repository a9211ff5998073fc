# Everything a person or CI runs. The environment lives in .venv; nothing else is touched.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# The lock names every package; left to look for dependencies, pip would meet extras newer than their pins and stop.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
ONLY ?=
N ?= 10000
SEED ?= 1
STORE ?= sqlite
EVERY ?= 10
PROJECT ?=
YES ?=
# Unless N is given: a history on the emulator takes ten times as long.
CHAOS_N = $(if $(filter file,$(origin N)),$(if $(filter firestore,$(STORE)),500,10000),$(N))

.PHONY: demo test fuzz chaos check dev bench deploy lock clean
.DEFAULT_GOAL := demo

demo: .venv/runtime.stamp  ## play a year of real prices through the cycle, offline, and write a report
	$(BIN)/maestro demo

test: check node_modules/.stamp deploy/venv  ## every check and every test; CI calls this
	$(BIN)/python -m pytest

fuzz: .venv/dev.stamp  ## drawn sequences of what may happen to money: make fuzz N=10000 SEED=1
	$(BIN)/python -m tests.fuzz --sequences $(N) --seed $(SEED)

chaos: .venv/dev.stamp  ## drawn crashes, time-outs and double deliveries: make chaos N=10000 SEED=1 STORE=sqlite|firestore
	$(BIN)/python -m tests.chaos --histories $(CHAOS_N) --seed $(SEED) --store $(STORE) --json

check: .venv/dev.stamp  ## style, types, the architecture, known vulnerabilities and secrets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	PYTHONPATH=. $(BIN)/python -m scripts.check_rules
	PYTHONPATH=. $(BIN)/python scripts/audit_packages.py
	PYTHONPATH=. $(BIN)/python scripts/scan_secrets.py

dev: .venv/dev.stamp node_modules/.stamp deploy/venv  ## the whole suite with a tenant that ticks on recorded prices: make dev EVERY=5
	PYTHONPATH=. $(BIN)/python scripts/dev.py --seconds $(EVERY)

bench: .venv/dev.stamp  ## every benchmark, or one: make bench ONLY=name
	$(BIN)/python -m benchmarks $(ONLY)

deploy: .venv/dev.stamp node_modules/.stamp deploy/venv  ## check all, ask, upload: make deploy PROJECT=my-project YES=1
	PYTHONPATH=. YES=$(YES) $(BIN)/python scripts/check_deployment.py --project "$(PROJECT)" --ask
	node_modules/.bin/firebase deploy --project "$(PROJECT)" --only functions,firestore $(if $(YES),--non-interactive)

lock: .venv/dev.stamp  ## resolve the dependencies anew
	scripts/lock.sh

clean:
	rm -rf .venv node_modules build deploy/venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Maestro needs Python 3.11 or newer on the PATH; found none"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/runtime.stamp: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/runtime.stamp
	$(PIP) -r requirements-dev.lock
	@touch $@

# Node is needed for the emulator suite only; without it those tests say so and are skipped (in CI they fail).
node_modules/.stamp: package-lock.json
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund --loglevel=error && touch $@; \
	else echo "npm not found: the emulator-suite tests will be skipped; install Node 20 or newer to run them"; fi

deploy/venv:
	ln -s ../.venv deploy/venv
