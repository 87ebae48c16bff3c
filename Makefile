# Two commands are enough: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[train,audit,access,gateway,cluster,dev,browser]'
	touch $@

.PHONY: setup demo serve-demo test lint bench bench-speed bench-prove bench-access bench-scale bench-console bench-gateway
setup: .venv/ready

demo: .venv/ready
	$(BIN)/bylaw train

# A gateway in front of the wind tunnel's model, with an office to practise in, in ./serve-demo; prints commands to try.
serve-demo: .venv/ready
	$(BIN)/bylaw serve --demo

test: .venv/ready
	CI=$(CI) $(BIN)/python -m pytest

lint: .venv/ready
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/ready
	$(BIN)/bylaw windtunnel bench

# Against the peers, side by side; needs BYLAW_DATA, and trl for the last one.
bench-speed: .venv/ready
	$(BIN)/python bench/labels.py
	$(BIN)/python bench/labels.py --size tunnel
	$(BIN)/python bench/generate.py
	$(BIN)/python bench/dpo.py

# What the evidence is worth: scanner (needs presidio-analyzer and spacy), audit, canaries, stress, ledger. Hours on two cores.
bench-prove: .venv/ready
	$(BIN)/python bench/prove.py

# Who may use a model: ownership, screening (needs BYLAW_DATA), import, decisions against cedarpy, June 2026 replayed.
bench-access: .venv/ready
	$(BIN)/python bench/access.py

# Judges behind a server: throughput, faults, budget, equality with llama.cpp's server (needs xllamacpp and gguf); training on
# two processes; Ray. QUICK=1 for a smoke run. BYLAW_BENCH_DISTILABEL=PYTHON takes distilabel's time too (bench/scale_calls.py).
bench-scale: .venv/ready
	$(BIN)/python bench/scale.py $(if $(QUICK),--quick)

# The operator's console: its pages over a million subjects and a million decisions. Some minutes and 5 GB of disk.
bench-console: .venv/ready
	$(BIN)/python bench/console.py

# The gateway beside its peers: needs nginx, wrk and PostgreSQL, and LiteLLM's command in BYLAW_BENCH_LITELLM, from an environment of
# its own (`python -m venv DIR && DIR/bin/pip install 'litellm[proxy]'`). Hours: a million requests, a million subjects.
# FIGURES=FILE.json keeps figures as they come; started again with it, it goes on with the parts that were not run to their end.
bench-gateway: .venv/ready
	$(BIN)/python bench/gateway.py $(if $(FIGURES),--json $(FIGURES))
