# One name per task; `make` prints them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Each of the programs that the tests start would compile its modules again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PYTEST_ARGS ?=
# The arguments may select tests of one group only: pytest then exits with 5 for the other.
NONE_CHOSEN = { code=$$?; $(if $(PYTEST_ARGS),[ $$code = 5 ] ||) exit $$code; }
IN_REAL_TIME = $(BIN)/pytest -m realtime $(or $(PYTEST_ARGS),tests/acceptance)
# Calls that failed are held again with nothing beside them; the first that fails again fails the run.
ONCE_MORE = { code=$$?; [ $$code = 1 ] || (exit $$code) && \
	echo "Failed calls are held once more, one at a time." && $(IN_REAL_TIME) --last-failed --exitfirst; }
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links

.PHONY: help run demo test test-quick explore mirror lint format generated bench coverage lock pages wheel clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .setup-stamp .pages-stamp ## Install, build and serve on http://127.0.0.1:8787, data in ./data
	@exec $(BIN)/aftercall serve

demo: .setup-stamp .pages-stamp ## The same with simulated calls, data in ./data/demo
	@exec $(BIN)/aftercall serve --demo --data-dir data/demo

test: .venv/dev-stamp .pages-stamp ## Everything: unit, both databases, acceptance, browser code
	@scripts/npm-run test
	@$(BIN)/pytest -n auto --dist loadgroup -m "not realtime" $(PYTEST_ARGS) || $(NONE_CHOSEN)
	@$(IN_REAL_TIME) -n 2 --dist loadgroup || $(ONCE_MORE) || $(NONE_CHOSEN)

test-quick: .venv/dev-stamp ## Core, wire, ingest and store on SQLite: under two minutes
	@$(BIN)/pytest -n auto -q -k "not postgresql" tests/core tests/wire tests/ingest tests/store $(PYTEST_ARGS)

explore: .venv/dev-stamp ## Look for faults with random examples: property tests, twenty times as many
	@$(BIN)/pytest -n auto -q -m hypothesis --hypothesis-profile explore $(or $(PYTEST_ARGS),tests)

mirror: .venv/dev-stamp ## List the modules that have no test of their own and no note where they are tested
	@$(BIN)/python scripts/mirror.py

coverage: .venv/dev-stamp ## Branch coverage of core, by the tests that need no browser; at least 95 %
	@$(BIN)/pytest -n auto -q tests/core tests/ingest tests/wire tests/service -m "not acceptance" \
		--cov=aftercall.core --cov-branch --cov-report=term:skip-covered --cov-fail-under=95 $(PYTEST_ARGS)

lint: .venv/dev-stamp ## Format, lint, types, our own rules, mirror tests, generated files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/house_lint.py
	@$(BIN)/python scripts/mirror.py
	@scripts/generated --check
	@scripts/npm-run lint

format: .venv/dev-stamp ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generated: .venv/dev-stamp ## Write the generated files again
	@scripts/generated

bench: .venv/dev-stamp ## Run all benches; print what got slower than bench/figures.json
	@$(BIN)/python bench/run_all.py $(ARGS)

lock: .venv/dev-stamp ## Resolve the dependencies again into requirements/*.txt
	$(COMPILE) requirements/tools.in -o requirements/tools.txt
	$(COMPILE) --constraints requirements/tools.txt pyproject.toml -o requirements/run.txt
	$(COMPILE) --constraints requirements/tools.txt pyproject.toml --group dev -o requirements/dev.txt

pages: ## Build the browser collector and the pages
	@rm -f .pages-stamp
	@$(MAKE) --no-print-directory .pages-stamp

wheel: .venv/dev-stamp .pages-stamp ## Build dist/aftercall-*.whl, which holds the pages
	@test -f src/aftercall/_static/dashboard/index.html || { echo "The wheel needs the pages, which need npm."; exit 1; }
	@rm -rf dist
	@$(BIN)/uv build --wheel --no-build-isolation --quiet --out-dir dist .
	@ls dist/*.whl

clean: ## Remove installed and built files, but no data
	rm -rf .venv .venvs dist node_modules */node_modules .setup-stamp .pages-stamp \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/aftercall/_static

PAGE_SOURCES := $(wildcard package.json package-lock.json) \
	$(shell find collector dashboard pages docs -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.setup-stamp: requirements/tools.txt requirements/run.txt pyproject.toml scripts/set-up
	@scripts/set-up run
	@touch $@

.venv/dev-stamp: requirements/tools.txt requirements/dev.txt pyproject.toml scripts/set-up
	@scripts/set-up dev
	@touch $@ .setup-stamp

.pages-stamp: $(PAGE_SOURCES) scripts/npm-run
	@scripts/npm-run build
	@touch $@
