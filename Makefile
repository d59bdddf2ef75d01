# The course's commands. Each does its own set-up: a .venv in this folder, reused while it is current.
#
#   make PYTHON=python3.12 test      choose the Python (3.11 or newer; otherwise the first one found)
#   make TORCH_INDEX=ADDRESS run     take torch and torchvision from another package index,
#                                    such as the one with the small CPU build for Linux
#   make BENCH=race bench            measure one section of the benchmark

PYTHON =
TORCH_INDEX =
BENCH =
PY = .venv/bin/python

# Notebooks run in notebooks/, where a relative path would mean something else.
override LENET_DATA := $(shell case "$(LENET_DATA)" in (""|sample|/*|~*) echo "$(LENET_DATA)" ;; (*) echo "$(CURDIR)/$(LENET_DATA)" ;; esac)
export LENET_DATA

SIZE = 60

.PHONY: help run test unit nbval lint lab bench notebooks mutants class setup clean distclean

help:
	@echo "make run         execute the five notebooks and write them as HTML into build/"
	@echo "make test        unit tests, then nbval over the notebooks, then lint"
	@echo "make lab         open JupyterLab at the first lesson"
	@echo "make bench       measure speed and accuracy"
	@echo "make lint        check style and format"
	@echo "make notebooks   execute the notebooks in place, for committing them"
	@echo "make mutants     print the mutation table: planted mistakes against check and grade cells"
	@echo "make class       grade a simulated class of 60 (or SIZE=20) in three ways, and run the slow tests"
	@echo "make clean       remove build/ and caches"
	@echo "make distclean   the same, and remove .venv"

run: setup
	@$(PY) tools/run_course.py

test: unit nbval lint

unit: setup
	@echo "Unit tests"
	@$(PY) -m pytest -q tests

nbval: unit
	@echo "Notebooks against their committed outputs"
	@$(PY) -m pytest -q --nbval --nbval-current-env --nbval-sanitize-with=tests/nbval_sanitize.cfg \
		--nbval-cell-timeout=300 notebooks

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

lab: setup
	@$(PY) -m jupyterlab notebooks/01_data.ipynb

bench: setup
	@$(PY) -m benchmarks $(BENCH)

notebooks: setup
	@$(PY) tools/execute_notebooks.py

mutants: setup
	@$(PY) tools/mutants.py

class: setup
	@$(PY) -m pytest -q -m slow tests
	@$(PY) tools/grade_class.py --size $(SIZE)

setup:
	@sh tools/setup_venv.sh "$(PYTHON)" "$(TORCH_INDEX)"

clean:
	rm -rf build lenet_helpers.egg-info .pytest_cache .ruff_cache
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv
