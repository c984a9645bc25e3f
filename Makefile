# Everything a newcomer types. Each target first installs what it needs, once: the stamps remember it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
VENV := .venv/.installed
NODE := infra/local/supabase/node_modules/.installed
TEST_OPTIONS ?= -n 2 --dist loadgroup

.PHONY: help demo test up down reset status lint format bench eval soak rotate-keys install browser

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

install: $(VENV) $(NODE) ## what the other targets install first

demo: install ## the whole product, one story end to end; stays up until Ctrl-C (DEMO_EXIT=1: stops)
	@exec $(PYTHON) -m infra.demo

up: install ## start the local stack in the background
	@$(PYTHON) -m infra.local up

down: $(VENV) ## stop the local stack; its data stays
	@$(PYTHON) -m infra.local down

reset: $(VENV) ## stop the local stack and erase its data
	@$(PYTHON) -m infra.local reset

status: $(VENV) ## what the local stack is doing
	@$(PYTHON) -m infra.local status

test: install browser ## every test
	@$(PYTHON) -m pytest -m "not soak" $(TEST_OPTIONS)

soak: install ## the full-size fault and load runs
	@$(PYTHON) -m pytest -m soak tests/soak

bench: install ## the figures of the design, measured
	@$(PYTHON) -m infra.bench

eval: $(VENV) ## how well messages and dates are understood (OPENAI_API_KEY set: a model too)
	@$(PYTHON) -m infra.evaluation

rotate-keys: $(VENV) ## wrap the tenants' data keys anew (DATA=1: new keys, every secret sealed again; AGAIN=1: all)
	@$(PYTHON) -m infra.operations.rotate_keys $(if $(DATA),--data) $(if $(AGAIN),--again)

lint: $(VENV) ## style, types and the template
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/cfn-lint template.yaml

format: $(VENV) ## rewrite the Python files in the house style
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

# Pages are tested in a real browser. As root on Debian it is installed, elsewhere its tests say what is missing.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& echo 'Installing Chromium …' && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| echo 'Chromium is missing, so the pages are not tested; on Debian: apt install chromium.' >&2

# ---- installing ---------------------------------------------------------------------------------------------------

$(VENV): requirements/dev.txt requirements/uv.txt layers/shared/pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo 'Python 3.11 or newer is needed, as `python3`.' >&2; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo 'Python cannot make virtual environments here; on Debian: apt install python3-venv.' >&2; exit 1; }
	@echo 'Installing the Python packages …'
	@python3 -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@.venv/bin/uv pip sync --quiet --python .venv --compile-bytecode --require-hashes requirements/uv.txt requirements/dev.txt
	@.venv/bin/uv pip install --quiet --python .venv --no-deps --editable layers/shared
	@touch $@

$(NODE): infra/local/supabase/package.json infra/local/supabase/package-lock.json
	@node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null \
		|| { echo 'Node.js 20 or newer is needed, as `node`.' >&2; exit 1; }
	@command -v npm >/dev/null || { echo 'npm is needed; it comes with Node.js.' >&2; exit 1; }
	@echo 'Installing the Node packages …'
	@npm ci --prefix infra/local/supabase --no-audit --no-fund --loglevel=error
	@touch $@
