# Two commands: `make serve` and `make test`. They need python3 (3.11 or newer) and make; uv is used when it is there.
# PYTHON names another interpreter (`PYTHON=python3.13 make test`), ARGS is passed on (`make serve ARGS="--port 8080"`).
# VENV names another folder for what is installed, PYTHONS the interpreters of `make matrix`.

PYTHON ?= python3
PYTHONS ?= python3.11 python3.12 python3.13
VENV ?= .venv
ARGS ?=
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONDONTWRITEBYTECODE  # or each worker of each test run would compile all modules again

.DEFAULT_GOAL := help
.PHONY: help serve test test-fast test-postgres test-lowest test-newest matrix check format docs screenshots bench wheel lock clean

# A stamp's name has the version of Python, so that another PYTHON creates a new environment.
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
RUN := $(VENV)/bin/python
MADE := $(VENV)/made-$(VERSION)
RUNTIME := $(VENV)/runtime-$(VERSION)
DEV := $(VENV)/dev-$(VERSION)

ifneq ($(shell command -v uv 2>/dev/null),)
CREATE := uv venv --quiet --clear --seed --python "$(PYTHON)" $(VENV)
INSTALL := uv pip install --quiet --compile-bytecode --python $(RUN)
else
CREATE := "$(PYTHON)" -m venv --clear $(VENV)
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check
endif

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

serve: $(RUNTIME) ## install, and serve on port 8000 with the bundled PostgreSQL
	@exec $(RUN) -m llmring_server serve $(ARGS)

test: $(DEV) ## install, and run every test (ARGS=--full for all confs against their descriptions)
	@$(RUN) -m pytest $(ARGS)

test-fast: $(DEV) ## the tests that need no database, no process and no browser
	@$(RUN) -m pytest -m fast $(ARGS)

test-postgres: ## the same on a PostgreSQL of the system (POSTGRES_BIN names the folder of its programs)
	@.ci/with-postgres $(MAKE) --no-print-directory test

test-lowest: ## the host's tests on the lowest dependencies that pyproject.toml allows; wants uv
	@$(MAKE) --no-print-directory $(VENV)-lowest/tested VENV=$(VENV)-lowest RESOLUTION="--resolution lowest-direct"

test-newest: ## the same on the newest ones
	@$(MAKE) --no-print-directory $(VENV)-newest/tested VENV=$(VENV)-newest RESOLUTION=--upgrade

$(VENV)/tested: $(MADE) pyproject.toml FORCE
	@command -v uv >/dev/null || { echo "this needs uv on the PATH: pip install uv" >&2; exit 1; }
	@uv pip install --quiet --python $(RUN) $(RESOLUTION) --editable '.[embedded,dev]'
	@$(RUN) -m pytest -m "not slow" $(COMPATIBILITY) $(ARGS)

FORCE:

# What each dependency of the host and of the features is used by.
COMPATIBILITY = tests/core/rules/test_public_interfaces.py tests/core/app tests/core/runtime tests/core/openapi/test_openapi.py \
	tests/core/http/test_bodies.py tests/core/http/test_errors.py tests/core/http/test_falcon_semantics.py \
	tests/core/http/test_health.py tests/core/http/test_projects.py tests/core/serving/test_logs.py \
	tests/core/serving/test_request_log.py tests/core/database/test_migrations.py tests/core/database/test_notifications.py \
	tests/plugins/metrics/test_metrics.py tests/plugins/dashboard/test_dashboard_spend.py

matrix: ## every test on each of PYTHONS, then on a PostgreSQL of the system
	@set -e; for python in $(PYTHONS); do \
		echo "tests on $$python" >&2; \
		$(MAKE) --no-print-directory test PYTHON="$$python" VENV=.venv-matrix; \
	done
	@$(MAKE) --no-print-directory test-postgres

check: $(DEV) ## lint, formatting and types; Containerfile and compose.yaml too; known vulnerabilities
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(VENV)/bin/hadolint Containerfile
	$(RUN) -m check_jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(RUN) requirements/audit.py

format: $(DEV) ## put imports in order and format
	$(RUN) -m ruff check --select I --fix
	$(RUN) -m ruff format

docs: $(DEV) ## write docs/reference/settings.md and cli.md from the code
	@$(RUN) docs/generate.py

screenshots: $(DEV) ## take the pictures in docs/images, with the tests' browser; needs chromium
	@mkdir -p docs/images
	@LLMRING_SCREENSHOTS=$(CURDIR)/docs/images $(RUN) -m pytest -n 0 -rs tests/plugins/dashboard/test_dashboard_screenshots.py

bench: $(DEV) ## measure, and print a table (ARGS="--quick"); needs wrk: apt install wrk
	@$(RUN) -m benchmarks $(ARGS)

wheel: $(RUNTIME) ## build the wheel into dist/
	@$(RUN) -m hatchling build -t wheel

lock: ## write requirements/*.txt with uv (ARGS=--upgrade for the newest versions)
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH: pip install uv" >&2; exit 1; }
	$(LOCK) pyproject.toml --extra embedded --output-file requirements/runtime.txt
	$(LOCK) pyproject.toml --extra embedded --extra dev --constraint requirements/runtime.txt \
		--output-file requirements/dev.txt
	echo hatchling | $(LOCK) - --constraint requirements/dev.txt --output-file requirements/build.txt

LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header $(ARGS)

clean: ## remove the environment and everything built
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-newest .venv-matrix dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "$(PYTHON) is $(or $(VERSION),not there); Python 3.11 or newer is needed:" \
			"PYTHON=python3.12 make $(MAKECMDGOALS)" >&2; exit 1; }
	@command -v uv >/dev/null || "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; install its venv package" \
			"(Debian, Ubuntu: apt install python$(VERSION)-venv) or uv, then: make $(MAKECMDGOALS)" >&2; exit 1; }
	@$(CREATE)
	@touch $@

$(RUNTIME): $(MADE) pyproject.toml requirements/runtime.txt requirements/build.txt
	@echo "installing llmring-server into $(VENV), once …" >&2
	@$(INSTALL) --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUNTIME) requirements/dev.txt
	@echo "installing what tests and checks need into $(VENV), once …" >&2
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@
