# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := .demo
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# Where Python may not keep bytecode, every process would compile its libraries anew, for seconds.
COMPILED := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)

.PHONY: setup demo test lint ui clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
	  || { echo "Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	$(BIN)/uv pip install --quiet $(COMPILED) -c constraints.txt -e '.[dev,landmarks]'
	touch $@

# The whole graph on small drawn samples, in a lake of its own, with the small recipe.
demo: $(READY)
	EMOTION_PIPELINE_LAKE=$(DEMO)/data_lake EMOTION_PIPELINE_DAGSTER_HOME=$(DEMO)/dagster \
	EMOTION_PIPELINE_RECIPES='*_small' \
	  sh -ec '$(BIN)/emotion-pipeline sample $(DEMO)/data_lake/raw; $(BIN)/emotion-pipeline refresh'

# A process per processor, but no more than four: each may take 3 GB.
test: $(READY)
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports --config setup.cfg

ui: $(READY)
	$(BIN)/emotion-pipeline ui

clean:
	rm -rf $(VENV) $(DEMO)
