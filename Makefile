# The course's commands. Each does its own set-up: a .venv in this folder, reused while it is current.
#
#   make PYTHON=python3.12 test      choose the Python (3.11 or newer; otherwise the first one found)
#   make TORCH_INDEX=ADDRESS run     take torch and torchvision from another package index,
#                                    such as the one with the small CPU build for Linux
#   make BENCH=race bench            measure one section of the benchmarks
#   make CAMPAIGN=crowd reliability  run one campaign that tries to break the course
#   make HOST=0.0.0.0 demo           let tablets open the demos, with a token (TOKEN=..., or a random one)

PYTHON =
TORCH_INDEX =
BENCH =
CAMPAIGN =
HOST =
TOKEN =
SIZE = 60
PY = .venv/bin/python

# Notebooks run in notebooks/, where a relative path would mean something else.
override LENET_DATA := $(shell case "$(LENET_DATA)" in (""|sample|/*|~*) echo "$(LENET_DATA)" ;; (*) echo "$(CURDIR)/$(LENET_DATA)" ;; esac)
export LENET_DATA

.PHONY: help run test unit test-browser test-second nbval lint lab demo bench reliability matrix lock notebooks mutants class setup clean distclean

help:
	@echo "make run         execute the five notebooks and write them as HTML into build/"
	@echo "make test        unit tests, then nbval over the notebooks, then lint"
	@echo "make lab         open JupyterLab at the first lesson"
	@echo "make demo        show all live demos on one page, for a projector"
	@echo "make bench       measure speed and accuracy"
	@echo "make reliability try to break the course, and report what was lost"
	@echo "make test-browser   test the live demos in Chromium"
	@echo "make matrix      run tests and notebooks with every Python that is found, and with the oldest versions"
	@echo "make test-second run them with the newest Python that is found besides that of .venv"
	@echo "make lock        write the exact versions of everything into requirements.lock"
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
	@$(PY) -m pytest -q -n 2 --dist worksteal -p no:nbval tests --ignore=tests/browser

test-browser: setup
	@sh tools/setup_browser.sh
	@echo "Live demos in a browser"
	@$(PY) -m pytest -q -rs tests/browser

nbval: unit
	@echo "Notebooks against their committed outputs"
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile --nbval --nbval-current-env --nbval-sanitize-with=tests/nbval_sanitize.cfg \
		--nbval-cell-timeout=300 notebooks

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

lab: setup
	@$(PY) -m jupyterlab notebooks/01_data.ipynb

demo: setup
	@$(PY) -m lenet_helpers demo $(if $(HOST),--host $(HOST)) $(if $(TOKEN),--token $(TOKEN))

bench: setup
	@$(PY) -m benchmarks $(BENCH)

reliability: setup
	@$(PY) -m benchmarks --campaigns $(CAMPAIGN)

matrix: setup
	@$(PY) -m pip install -qq --editable '.[lock]'
	@$(PY) -m benchmarks matrix

test-second: setup
	@echo "The lessons with another Python"
	@$(PY) -m nox --session second

# For every system and Python at once, with checksums. Nothing is installed but uv, which knows how.
lock: setup
	@$(PY) -m pip install -qq --editable '.[lock]'
	@$(PY) -m uv pip compile pyproject.toml --extra test --universal --python-version 3.11 --generate-hashes \
		--upgrade --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
		--custom-compile-command "make lock" --output-file requirements.lock

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
