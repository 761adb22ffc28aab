# make demo: the whole job in an embedded AWS.  make test: every check and test.  make help: the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
# The newest Python that AWS Lambda runs and this machine has (3.11 is enough for all of it).
PYTHON ?= $(shell requirements/newest-python.sh)
BIN := .venv/bin

.PHONY: help setup demo test check unit infra e2e bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: .venv/.ready .emulator/.ready node_modules/.ready ## Install what everything else needs

.venv/.ready: requirements/dev.txt
	@echo "Installing the development tools into .venv ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.emulator/.ready: requirements/emulator.txt
	@echo "Installing the AWS emulator into .emulator ..."
	@$(PYTHON) -m venv --clear .emulator
	@.emulator/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/emulator.txt
	@touch $@

node_modules/.ready: package-lock.json
	@echo "Installing the CDK CLI into node_modules ..."
	@npm ci --silent
	@touch $@

demo: setup ## Deploy into the embedded emulator and watch a week of backups
	@$(BIN)/python -m demo

test: check infra e2e ## Every check and test

check: setup ## Lint, types and unit tests: under a minute
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy app.py infra lambda tests demo emulator
	@$(BIN)/pytest --quiet -n auto --cov --cov-report=term tests/unit

infra: setup ## The synthesized templates
	@$(BIN)/pytest --quiet tests/infra

e2e: setup ## The real CDK CLI, the real function, an emulated AWS
	@$(BIN)/pytest tests/e2e

lock: ## Lock the Python dependencies again (needs uv)
	@requirements/lock.sh

clean: ## Remove everything that the other commands made
	rm -rf .venv .emulator build cdk.out node_modules .hypothesis .coverage .mypy_cache .pytest_cache .ruff_cache
