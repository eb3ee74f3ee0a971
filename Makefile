# `make help` lists the targets. Needs Python 3.11 to 3.13 and nothing else; choose another
# interpreter by `make demo PYTHON=/path/to/python3`.
.DEFAULT_GOAL := help
.PHONY: help setup demo docs test check fidelity conformance lint lint-python lint-types lint-infra \
	lint-project lint-conventions lint-sql up down clean

# Commands start each other many times: what they import is compiled once, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
# What running the project takes is installed, and all that it takes to change it. The names hold the
# folder's, so that a checkout that was moved is installed again.
FOLDER := $(shell pwd | cksum | cut -d ' ' -f 1)
RUNS := $(VENV)/.runs-$(FOLDER)
INSTALLED := $(VENV)/.installed-$(FOLDER)
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for python in python3.12 python3.11 python3.13 python3; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do \
		printf '  make %-11s %s\n' "$$name" "$$text"; done

setup: $(INSTALLED) profiles.yml ## make the virtual environment, once

demo: $(RUNS) profiles.yml ## land sample files, run the job, show what came out
	@$(BIN)/local-warehouse exec -- landing-sample
	@$(BIN)/local-warehouse exec -- run-job --report

test: lint ## lint, then every test, whole runs of the pipeline too
	@$(BIN)/pytest --numprocesses 3 --dist loadfile

check: lint ## lint, and the tests without services; under a minute
	@$(BIN)/pytest -q -m "not service" --numprocesses 2 --dist loadfile

fidelity: setup ## dbt's own tests of adapters, on the local warehouse
	@$(BIN)/pytest local_warehouse/tests/fidelity -q -r fE -W ignore --tb=short --numprocesses 2 --dist loadscope

conformance: setup ## the same SQL and CSV on Apache Spark too (Java 17, 400 MB)
	@$(BIN)/python local_warehouse/tests/conformance/run.py tests/conformance

# The services that dbt needs meanwhile are stopped at the end, unless they were up before.
lint: setup ## check Python, SQL, the dbt project, infra and workflows
	@$(BIN)/local-warehouse status >/dev/null 2>&1 || trap '$(BIN)/local-warehouse down >/dev/null 2>&1' EXIT; \
		trap 'exit 130' INT TERM; \
		$(MAKE) --no-print-directory --jobs 3 lint-types lint-conventions lint-sql lint-python lint-infra

lint-python:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

lint-types:
	$(BIN)/mypy

lint-infra:
	$(BIN)/cfn-lint infra/*.yml
	$(BIN)/actionlint

# What dbt parses, dbt-bouncer reads, and sqlfluff's dbt starts from. Neither dbt nor sqlfluff is asked
# again about what has not changed since they found nothing.
DBT_SOURCES := dbt_project.yml pyproject.toml $(shell find models macros seeds data-tests 2>/dev/null)
PARSED := target/.parsed
LINTED := target/.linted

lint-project: $(PARSED)

$(PARSED): $(DBT_SOURCES) $(INSTALLED)
	$(BIN)/local-warehouse exec -- dbt --quiet --warn-error parse --no-partial-parse
	@mkdir -p target && touch $@

lint-conventions: $(PARSED)
	@echo "$(BIN)/dbt-bouncer run"
	@report=target/conventions.txt; log=target/conventions.log; rm -f $$report; \
		$(BIN)/dbt-bouncer run --output-file $$report --output-format tap --output-only-failures \
		> $$log 2>&1 || { cat $$report 2>/dev/null || cat $$log; echo; exit 1; }
	$(BIN)/load-bronze datasets --check

lint-sql: $(LINTED)

$(LINTED): $(PARSED) $(wildcard .sqlfluff*)
	$(BIN)/local-warehouse exec -- sqlfluff lint --disable-progress-bar models data-tests
	@touch $@

docs: setup ## build the manual as a site in site/, its links checked
	@PATH="$(CURDIR)/$(BIN):$$PATH" NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet --site-dir site
	@echo "The manual: site/index.html"

up: $(RUNS) profiles.yml ## start the local S3 and the local SQL warehouse
	@$(BIN)/local-warehouse up

down: ## stop them; the data stays
	@if [ -x $(BIN)/local-warehouse ]; then $(BIN)/local-warehouse down; fi

clean: down ## stop them, remove their data and all that is built
	@if [ -t 0 ] && [ -d .lakehouse ]; then \
		printf 'Delete .lakehouse/ (%s: landed files of yours too, tables, logs)? [y/N] ' \
			"$$(du -sh .lakehouse | cut -f 1)"; \
		read -r answer; [ "$$answer" = y ] || { echo "Nothing was deleted."; exit 1; }; fi
	rm -rf .lakehouse target logs .pytest_cache .mypy_cache .ruff_cache .hypothesis

profiles.yml:
	@cp profiles.yml.example profiles.yml

# All cores compile at the end, which takes less time than pip alone; what packages bring along as
# their own tests is left out. The loop shows a dot a package, and ends with pip's own exit code.
define INSTALL
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python 3.11, 3.12 or 3.13 found. Install one, or name it: make PYTHON=/path/to/python3"; \
		exit 1; fi
	@$(PYTHON) -c '$(SUPPORTED)' || { \
		echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13. Name another: make PYTHON=/path/to/python3"; \
		exit 1; }
	@case "$$(pwd)" in *[\"\\\$$\`:]*) \
		printf '%s\n' 'This path has a sign, one of " \ $$ ` : — Python cannot start commands below it.' \
		"Rename or move it: $$(pwd)"; exit 1; esac
	@[ ! -e $(VENV)/pyvenv.cfg ] || grep -qF "$(CURDIR)/$(VENV)" $(VENV)/pyvenv.cfg || { \
		echo "$(VENV) is of another folder, and made anew"; rm -rf $(VENV); }
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV) || { \
		echo "Python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv"; \
		rm -rf $(VENV); exit 1; }
	@printf 'Installing into $(VENV), once; a minute at most '
	@{ $(BIN)/python scripts/install.py $(EXTRA); \
		echo "exit $$?"; } 2>&1 | tee $(VENV)/install.log | while read -r word rest; do \
		case $$word in Collecting|Resolved|Building|Prepared|Installed) printf . ;; exit) echo; exit $$rest ;; esac; done || { \
		tail -n 20 $(VENV)/install.log; echo "The whole log: $(VENV)/install.log"; exit 1; }
	@cd $(VENV)/lib/*/site-packages && cp "$(CURDIR)/local_warehouse/src/dbt_local_warehouse.pth" . && \
		echo "import profiles_folder" > profiles.pth
endef
$(RUNS) $(INSTALLED): pyproject.toml local_warehouse/pyproject.toml constraints.txt \
		requirements.txt requirements-local.txt
$(INSTALLED): requirements-dev.txt

$(RUNS): EXTRA := local
$(RUNS):
	$(INSTALL)
	@touch $@

$(INSTALLED): EXTRA := dev
$(INSTALLED):
	$(INSTALL)
	@touch $(RUNS) $@
