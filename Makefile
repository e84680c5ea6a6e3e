# Works in the active environment: python -m pip install -e ".[dev]" first.
PYTHON ?= python

.PHONY: help check format test test-all fuzz docs bench gpu-check clean

help:
	@echo "make check     lint, format, types and import layers"
	@echo "make format    format the code and apply the linter's safe fixes"
	@echo "make test      the tests without the slow ones"
	@echo "make test-all  every test that this machine can run"
	@echo "make fuzz      10,000 damaged and forged files of each kind; N=COUNT for another number"
	@echo "make docs      the site, in docs/_build/html; a warning or a dead link is an error"
	@echo "make bench     the benchmarks"
	@echo "make gpu-check all that needs a GPU, in 10 minutes; OUT=DIR keeps the results, ONLY=STEPS runs some"
	@echo "make clean     remove what the tools wrote"

check:
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	lint-imports

format:
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

test:
	$(PYTHON) -m pytest

test-all:
	$(PYTHON) -m pytest -m "not gpu"

fuzz:
	MINIGRAD_FUZZ=$(or $(N),10000) $(PYTHON) -m pytest tests/fuzz

docs:
	$(PYTHON) -m sphinx --fresh-env --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	$(PYTHON) docs/_sphinx/check_links.py docs/_build/html

bench:
	$(PYTHON) -m benchmarks kernels
	$(PYTHON) -m benchmarks steps

gpu-check:
	$(PYTHON) -m benchmarks.gpu_check $(if $(OUT),--out "$(OUT)") $(if $(ONLY),--only $(ONLY))

clean:
	rm -rf build dist docs/_build ./*.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find minigrad gans benchmarks docs tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
