# Two commands are enough: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[train,dev,browser]'
	touch $@

.PHONY: setup demo test lint bench
setup: .venv/ready

demo: .venv/ready
	$(BIN)/bylaw train

test: .venv/ready
	CI=$(CI) $(BIN)/python -m pytest

lint: .venv/ready
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/ready
	$(BIN)/bylaw windtunnel bench
