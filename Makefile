# Patron: `make` lists the verbs.
.DEFAULT_GOAL := help
PYTHON ?= python3.11
BIN := .venv/bin
ROOMS := actions features models reporting serving training

.PHONY: help install demo test check bench docs .tree

help:  ## list the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

install: .venv/installed .tree  ## set up .venv with everything that is needed

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt --editable '.[demo,dev]'
	touch $@

# The rooms under their import names, for tools that read files instead of importing them.
.tree:
	@mkdir -p .tree/patron
	@find .tree -xtype l -delete
	@ln -sfn $$(find $(CURDIR)/src/patron -mindepth 1 -maxdepth 1 ! -name __pycache__) .tree/patron/
	@for room in $(ROOMS); do ln -sfn $(CURDIR)/$$room .tree/patron/$$room; done

demo: install  ## the whole way once: data, model, report, scores
	$(BIN)/patron demo

test: install  ## all tests, in random order
	$(BIN)/pytest -n 2

check: install  ## format, lint, types, who imports whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=.tree $(BIN)/lint-imports

bench: install  ## speed beside peers, and whether effects are told rightly; small
	$(BIN)/python benchmarks/features.py all --scale 0.01 --repeat 1 --only patron,sql,polars,pandas
	$(BIN)/python benchmarks/effect_coverage.py --worlds 1 --customers 1000 --folder "$$(mktemp -d)"

docs: install  ## write the reference pages
	$(BIN)/python -m patron.configuration_page docs/configuration.md
	$(BIN)/python -m patron.catalogue_page docs/catalogue.md
