# Every target builds what it needs: a fresh clone needs no other step.
PYTHON ?= python3
DATA_DIR ?= data
NOTEBOOKS_DIR ?= docs/notebooks
BIN := .venv/bin
ifneq ($(filter-out savedmodel litert litert-float32,$(RUNTIME)),)
$(error RUNTIME=$(RUNTIME) is none of savedmodel, litert and litert-float32)
endif
# Where the service runs: LiteRT needs nothing of TensorFlow.
SERVING := $(if $(filter litert%,$(RUNTIME)),.venv-light,.venv)
# Tests wait a good part of their time, for browsers, services and clusters that start.
TWO_AT_A_TIME := --numprocesses 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help serve dev test test-slow lint bench load soak drain hostile compare batch bulk start fuzz audit openapi notebooks fonts train-digit train-char lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(SERVING)/.serve ## Start the service (PORT=9000 for another port than 8000; RUNTIME=litert without TensorFlow)
	$(if $(RUNTIME),INKLING_RUNTIME=$(RUNTIME)) $(SERVING)/bin/python -m app serve $(if $(PORT),--port $(PORT))

dev: .venv/.dev ## Build .venv with everything for training and testing

test: .venv/.dev ## Run all tests but the slow ones
	$(BIN)/pytest -m "not slow" $(TWO_AT_A_TIME)

test-slow: .venv/.dev ## Run the slow tests: those that start a Ray cluster or run the notebooks
	$(BIN)/pytest -m slow $(TWO_AT_A_TIME)

lint: .venv/.dev ## Check format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev ## Compare the runtimes and time the way of one image
	$(BIN)/python -m tests.bench

load: .venv/.dev ## Offer the running service twice what it can serve (RUNTIME=litert, as with the six below)
	$(BIN)/python -m tests.load.overload $(RUNTIME_OPTION)

soak: .venv/.dev ## Send 100,000 requests and look at the memory
	$(BIN)/python -m tests.load.soak $(RUNTIME_OPTION)

drain: .venv/.dev ## End the service, and reload its models, twenty times under load
	$(BIN)/python -m tests.load.drain $(RUNTIME_OPTION)

hostile: .venv/.dev ## Send hostile input while ordinary requests run (needs ../shared)
	$(BIN)/python -m tests.load.hostile $(RUNTIME_OPTION)

compare: .venv/.dev ## Compare with a plain FastAPI endpoint and with LitServe
	$(BIN)/python -m tests.load.compare $(RUNTIME_OPTION)

batch: .venv/.dev ## Compare batch requests with the bare runtime
	$(BIN)/python -m tests.load.batch $(RUNTIME_OPTION)

bulk: .venv/.dev ## Compare inkling predict on a folder with batch requests
	$(BIN)/python -m tests.load.bulk $(RUNTIME_OPTION)

start: .venv/.dev ## Time the start of each runtime, and look at the memory
	$(BIN)/python -m tests.load.start

fuzz: .venv/.dev ## Damage image files for ten minutes and read them (SECONDS=60)
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)

audit: .venv/.dev ## Ask PyPI for known vulnerabilities of what the lock files pin
	$(BIN)/python -m tests.audit requirements.lock requirements-litert.lock requirements-dev.lock

notebooks: .venv/.dev ## Run training/notebooks and render them into docs/notebooks
	mkdir -p build/notebooks
	for name in digits characters; do \
		$(BIN)/jupytext --quiet --to ipynb --output build/notebooks/$$name.ipynb training/notebooks/$$name.py && \
		$(BIN)/jupyter-nbconvert --log-level WARN --to notebook --execute --inplace build/notebooks/$$name.ipynb && \
		$(BIN)/jupyter-nbconvert --log-level WARN --to markdown --output-dir $(NOTEBOOKS_DIR) \
			--TagRemovePreprocessor.enabled=True --TagRemovePreprocessor.remove_all_outputs_tags=quiet \
			build/notebooks/$$name.ipynb || exit 1; \
	done

openapi: .venv/.serve ## Write docs/openapi.json anew
	cd docs && env -i INKLING_MODELS_DIR=../models ../$(BIN)/python -m app openapi > openapi.json

train-digit: .venv/.dev ## Train and export the digit model (DATA_DIR=data)
	$(BIN)/python -m training fit digit --data-dir $(DATA_DIR)
	$(BIN)/python -m training export digit --data-dir $(DATA_DIR)

fonts: training/fonts/node_modules/.package-lock.json ## Install the handwriting fonts that train-char draws with (needs npm)

train-char: .venv/.dev fonts ## Train and export the char model (DATA_DIR=data)
	$(BIN)/python -m training fit char --data-dir $(DATA_DIR)
	$(BIN)/python -m training export char --data-dir $(DATA_DIR)

lock: .venv/.dev ## Resolve the dependencies anew into the lock files
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV_COMPILE) --extra dev pyproject.toml -o requirements-dev.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV_COMPILE) -c requirements-dev.lock pyproject.toml -o requirements.lock
	echo setuptools | UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV_COMPILE) -c requirements-dev.lock --extra litert \
		--excludes deploy/without-tensorflow.txt pyproject.toml - -o requirements-litert.lock

clean: ## Remove the environments, the fonts and caches
	rm -rf .venv .venv-light build training/fonts/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

RUNTIME_OPTION := $(if $(RUNTIME),--runtime $(RUNTIME))

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate

.venv/bin/python .venv-light/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Inkling needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(@:/bin/python=)

# The file that npm writes last.
training/fonts/node_modules/.package-lock.json: training/fonts/package-lock.json
	npm ci --prefix training/fonts --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# The package comes last and builds with the locked setuptools, so that nothing unpinned is fetched.
.venv/.serve: .venv/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv-light/.serve: .venv-light/bin/python requirements-litert.lock pyproject.toml
	.venv-light/bin/pip install --quiet --require-hashes -r requirements-litert.lock
	.venv-light/bin/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/bin/python requirements-dev.lock pyproject.toml
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@ .venv/.serve
