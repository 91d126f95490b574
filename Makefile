PYTHON ?= python3
BIN := .venv/bin
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

.PHONY: run test check bench curves fidelity matplotlib lock .venv
.DEFAULT_GOAL := run

run: .venv      ## start the exchange
	@exec $(BIN)/python -m hypersim serve

test: check     ## everything but the slow tests
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --dist worksteal

check: .venv    ## style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: .venv    ## measure
	$(BIN)/python -m benchmarks

curves: matplotlib ## measure how cost grows, and draw it
	$(BIN)/python -m benchmarks growth history soak

fidelity: matplotlib ## measure how true the outside market is, on recorded data
	$(BIN)/python -m benchmarks.fidelity

matplotlib: .venv
	@$(BIN)/python -c 'import matplotlib' 2>/dev/null || $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements/fidelity.txt

lock: .venv     ## newest versions that pyproject.toml allows, into requirements/
	$(BIN)/python -m pip install -qq uv
	$(BIN)/$(LOCK) --upgrade --extra ccxt --group dev pyproject.toml --output-file requirements/dev.txt
	$(BIN)/$(LOCK) --upgrade --constraints requirements/dev.txt --extra ccxt pyproject.toml --output-file requirements/run.txt
	$(BIN)/$(LOCK) --upgrade --constraints requirements/dev.txt --group build --output-file requirements/build.txt
	$(BIN)/$(LOCK) --upgrade --constraints requirements/dev.txt --group fidelity --output-file requirements/fidelity.txt
	$(BIN)/$(LOCK) --upgrade --group clients --output-file requirements/clients.txt
	$(BIN)/$(LOCK) --upgrade --group freqtrade --output-file requirements/freqtrade.txt
	$(BIN)/$(LOCK) --upgrade --group nautilus --output-file requirements/nautilus.txt
	$(BIN)/$(LOCK) --upgrade --group peers --output-file requirements/peers.txt
	echo pip | $(BIN)/$(LOCK) --upgrade - --output-file requirements/pip.txt

.venv: .venv/made
.venv/made: pyproject.toml requirements/pip.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hyper-Sim needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + "; try: make PYTHON=python3.12 " + "$(MAKECMDGOALS)")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make an environment: install its venv package (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements/pip.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --no-deps --no-build-isolation --editable .
	@touch $@
