# The course's commands, once .venv is set up as README.md says.

PY = .venv/bin/python

.PHONY: help run lab demo

help:
	@echo "make run    execute the notebooks as they are now and write them as HTML into build/"
	@echo "make lab    open JupyterLab at the first lesson"
	@echo "make demo   show all live demos on one page"

run:
	@$(PY) tools/run_course.py

lab:
	@$(PY) -m jupyterlab notebooks/01_data.ipynb

demo:
	@$(PY) -m lenet_helpers demo
