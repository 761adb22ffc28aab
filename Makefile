# make test: every check and test.  make help: the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
# The newest Python that AWS Lambda runs and this machine has (3.11 is enough for all of it).
PYTHON ?= $(shell requirements/newest-python.sh)
BIN := .venv/bin

.PHONY: help setup deploy-tools demo test check lint types unit coverage cli deleter infra e2e faults mutants bench picture terminal phone audit lock release clean
ifndef SIDE_BY_SIDE
.NOTPARALLEL: # the tests use all cores by themselves; one installation waits for the other
endif

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/.dev .emulator/.emulator node_modules/.dev ## Install what everything here needs

deploy-tools: .venv/.deploy node_modules/.deploy ## Install no more than cdk deploy needs

# One .venv: each set contains the one before it (deploy < demo < dev), at the same versions.
# infra/packages.py brings its own uv.
define fill
@echo "Installing $< into $(@D) ..."
@$(PYTHON) -m infra.packages $(@D) $< $(1)
@touch $@
endef

.venv/.%: requirements/%.txt requirements/uv.txt
	$(call fill)

# The emulator writes no byte code, and is started often.
.emulator/.%: requirements/%.txt requirements/uv.txt
	$(call fill,--compile-bytecode)

node_modules/.deploy: package-lock.json
	@echo "Installing the CDK CLI into node_modules ..."
	@npm ci --silent --omit=dev
	@touch $@

node_modules/.dev: package-lock.json
	@echo "Installing the CDK CLI and the tests' evaluator of policies into node_modules ..."
	@npm ci --silent
	@touch $@ node_modules/.deploy

demo: .venv/.demo .emulator/.emulator node_modules/.deploy ## Deploy into an emulated AWS and let the schedules fire (KEEP=1 leaves it up, PORT=4566 says where)
	@PYTHONPATH=lambda $(BIN)/python -m demo $(if $(KEEP),--keep) $(if $(PORT),--port $(PORT))

# Side by side where one of them leaves a core idle: mypy has one thread, and e2e waits for deploys.
test: setup ## Every check and test that passes or fails a change
	@$(MAKE) --no-print-directory SIDE_BY_SIDE=yes --jobs=3 lint types coverage
	@$(MAKE) --no-print-directory cli deleter infra
	@$(MAKE) --no-print-directory SIDE_BY_SIDE=yes --jobs=2 e2e faults

check: .venv/.dev ## Lint, types and unit tests, side by side: what .pre-commit-config.yaml runs, too
	@$(MAKE) --no-print-directory SIDE_BY_SIDE=yes --jobs=3 lint types unit

lint: .venv/.dev ## Lint and format, without changing a file
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

types: .venv/.dev ## Types
	@$(BIN)/mypy app.py benchmarks cli demo emulator fake_aws infra lambda tests tools

unit: .venv/.dev ## Unit tests
	@$(BIN)/pytest --quiet -n auto tests/unit

coverage: .venv/.dev ## The same, and they must cover every line and branch of lambda/ (takes twice as long)
	@$(BIN)/pytest --quiet -n auto --cov --cov-report=term tests/unit

cli: .venv/.dev ## The operator's command, each part alone and against an AWS in this process
	@$(BIN)/pytest --quiet -n auto tests/cli

deleter: .venv/.dev ## The code that decides on every deletion, against a thousand random histories for each property
	@$(BIN)/pytest --quiet -n auto tests/unit/retention/test_properties.py tests/unit/test_rotation_properties.py \
		--hypothesis-profile=thorough

infra: setup ## The synthesized templates, and the app as the CDK CLI runs it
	@JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 $(BIN)/pytest --quiet -n auto --dist loadfile tests/infra

e2e: setup ## The emulator, and the whole path in it: deploy, schedules, runs, mails, destroy
	@$(BIN)/pytest --quiet -n 2 --dist loadfile tests/emulator tests/e2e

# The real handler and botocore over real HTTP against an AWS of our own (fake_aws) that drops, garbles, refuses,
# throttles, lags, kills and delivers twice: each fault at each call of a small run, then 500 random worlds by seed.
# Other worlds, or more: make faults FAULT_SEED=1000 FAULT_WORLDS=5000
faults: .venv/.dev ## Runs against an AWS that fails in every way we know (two minutes)
	@$(BIN)/pytest --quiet -n auto tests/faults

mutants: .venv/.dev ## Prove that the fault tests notice a broken function, one way at a time (five minutes)
	@$(BIN)/python -m tests.faults.mutants

bench: setup ## Speed and memory beside a bare thread pool, into docs/performance.md (16 minutes; FULL=1: 34)
	@$(BIN)/python -m benchmarks $(if $(FULL),--full)

picture: setup ## Draw docs/dashboard.svg: the real dashboard over a simulated year of the real function (minutes)
	@JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 PYTHONPATH=lambda $(BIN)/python -m tools.picture >/dev/null

terminal: .venv/.dev ## Draw docs/ebs-backup-command.svg: the command in a terminal
	@PYTHONPATH=lambda:cli $(BIN)/python -m tools.terminal

phone: .venv/.dev ## Draw docs/mail-on-a-phone.svg: how a mail looks at night
	@$(BIN)/python -m tools.phone

# Not part of make test: it asks indexes of advisories, which come and go. Status 2: one could not be reached.
audit: ## Look for known vulnerabilities in every locked package (needs the public indexes)
	@PYTHON=$(PYTHON) requirements/audit.sh

lock: ## Lock the Python dependencies again
	@PYTHON=$(PYTHON) requirements/lock.sh

release: .venv/.dev ## Make a release here, and say what is left to do (VERSION=0.2.0)
	@$(BIN)/python -m tools.release $(VERSION)

clean: ## Remove everything that the other commands made
	rm -rf .venv .emulator .uv build cdk.out node_modules .hypothesis .coverage .mypy_cache .pytest_cache .ruff_cache
