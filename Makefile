# Two commands matter: `make book` and `make test`. `make help` lists the rest.
# Choose another torch:  make book TORCH_INDEX_URL=<address of an index of CPU or CUDA builds>
#                        make book TORCH_SPEC=torch==2.14.0

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
TORCH_SPEC ?= torch==2.13.0
TORCH_INDEX_URL ?=
PORT ?= 8000

BIN := $(VENV)/bin
READY := $(VENV)/.ready
RECDIV := $(BIN)/recdiv
PIP := $(BIN)/python -m pip install --disable-pip-version-check --retries 5

.DEFAULT_GOAL := help
.PHONY: help env book test test-fast lint format serve record check real dist clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(READY)  ## make the environment (.venv) and stop there

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "recdiv needs Python 3.11 or newer, and found none; name one: make book PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PIP) $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) "$(TORCH_SPEC)"
	$(PIP) -c constraints.txt -e ".[dev]"
	@touch $@

book: $(READY)  ## run every notebook and build the book: _build/html/index.html
	@$(RECDIV) book run
	@$(RECDIV) book build

test: book  ## everything: unit, notebooks (nbval), the built site in a browser
	RECDIV_SITE=_build/html $(BIN)/python -m pytest -n auto --durations=20

test-fast: $(READY)  ## what takes seconds: no notebooks, no browser, nothing slow
	$(BIN)/python -m pytest -n auto -m "not notebook and not browser and not slow and not real"

lint: $(READY)  ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)  ## put the style right where a machine can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

serve: book  ## read the book at http://localhost:8000 (PORT=...)
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

record: $(READY)  ## run the notebooks and write their outputs into the committed files
	$(RECDIV) book run
	$(RECDIV) book record

check: $(READY)  ## execute the committed notebooks again and compare (nbval, expected numbers)
	$(RECDIV) book check

real: $(READY)  ## load every real data set and record results on them (needs RECDIV_DATA or a network)
	$(BIN)/python -m recdiv.datasets.check
	$(BIN)/python -m recdiv.experiments.collect
	$(BIN)/python -m recdiv.experiments.pretrain
	$(BIN)/python -m recdiv.lm.real_tagging
	$(BIN)/python -m recdiv.experiments.recommenders
	$(BIN)/python -m recdiv.experiments.finetune
	$(BIN)/python -m recdiv.experiments.frontier
	$(BIN)/python -m recdiv.experiments.loop
	$(BIN)/python -m recdiv.experiments.music
	$(BIN)/python -m recdiv.experiments.pipeline
	$(BIN)/python -m recdiv.experiments.video
	$(BIN)/python -m recdiv.experiments.ecommerce
	$(BIN)/python -m recdiv.experiments.news

dist: $(READY)  ## wheel and source distribution in dist/
	$(BIN)/python -m build

clean:  ## remove what was made, except the environment
	rm -rf _build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
