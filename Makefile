# Patron: `make` lists the verbs.
.DEFAULT_GOAL := help
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: help install demo test check bench docs

help:  ## list the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

install: .venv/installed .tree  ## set up .venv with everything that is needed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt --editable '.[demo,dev]'
	touch $@

.PHONY: .tree
.tree:
	rm -rf .tree && mkdir -p .tree/patron
	ln -s $(CURDIR)/src/patron/* .tree/patron/
	for room in features models training serving actions reporting; do ln -s $(CURDIR)/$$room .tree/patron/$$room; done
