# Everything runs in .venv, which 'make install' sets up from constraints.txt. Nothing is installed elsewhere.
PYTHON ?= python3
SPLIT ?= dev
# For a machine without a GPU: the address of PyTorch's CPU-only builds, from the selector on pytorch.org.
TORCH_INDEX ?=
BIN := .venv/bin

.PHONY: install chat test check eval train bench clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "found $$($(PYTHON) --version 2>&1), expected Python 3.11 to 3.13; set PYTHON, e.g. make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv
	@if [ -n "$(TORCH_INDEX)" ]; then $(BIN)/pip install --quiet torch==2.13.0 --index-url "$(TORCH_INDEX)"; fi
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

chat: install
	$(BIN)/rct-assistant chat

test: check
	$(BIN)/python -m pytest

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

eval: install
	$(BIN)/python -m eval run --split $(SPLIT)

# Learns the adapter of the embedding model anew from the committed question bank: an hour, and seldom needed.
train: install
	$(BIN)/rct-assistant index train

bench: install
	$(BIN)/python -m eval bench

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
