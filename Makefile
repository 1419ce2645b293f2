# Every target builds what it needs: a fresh clone needs no other step.
PYTHON ?= python3
DATA_DIR ?= data
NOTEBOOKS_DIR ?= docs/notebooks
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help serve dev test test-slow lint bench openapi notebooks train-digit train-char lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: .venv/.serve ## Start the service (PORT=9000 for another port than 8000)
	$(BIN)/python -m app serve $(if $(PORT),--port $(PORT))

dev: .venv/.dev ## Build .venv with everything for training and testing

test: .venv/.dev ## Run all tests but the slow ones
	$(BIN)/pytest -m "not slow"

test-slow: .venv/.dev ## Run the slow tests: Ray, and the notebooks from end to end
	$(BIN)/pytest -m slow

lint: .venv/.dev ## Check format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev ## Compare the runtimes and time the way of one image
	$(BIN)/python -m tests.bench

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

train-char: .venv/.dev ## Train and export the char model (DATA_DIR=data)
	$(BIN)/python -m training fit char --data-dir $(DATA_DIR)
	$(BIN)/python -m training export char --data-dir $(DATA_DIR)

lock: .venv/.dev ## Resolve the dependencies anew into the lock files
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV_COMPILE) --extra dev pyproject.toml -o requirements-dev.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV_COMPILE) -c requirements-dev.lock pyproject.toml -o requirements.lock
	echo setuptools | UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV_COMPILE) -c requirements-dev.lock --extra litert \
		--excludes deploy/without-tensorflow.txt pyproject.toml - -o requirements-litert.lock

clean: ## Remove the environment and caches
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Inkling needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv

# The package comes last and builds with the locked setuptools, so that nothing unpinned is fetched.
.venv/.serve: .venv/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/bin/python requirements-dev.lock pyproject.toml
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@ .venv/.serve
