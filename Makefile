# Thin calls of bootstrap.py, which works without make too. Arguments: make lab ARGS="-- --no-browser"
PYTHON ?= python3
RUN = $(PYTHON) bootstrap.py $(OPTIONS)

.DEFAULT_GOAL := help
.PHONY: help lab test notebooks bench check

help:       ## this list
	@echo 'make lab        environment, your copies of the exercises, JupyterLab on the first lesson'
	@echo 'make test       environment, then everything that CI runs'
	@echo 'make notebooks  write the notebooks whose sources changed'
	@echo 'make bench      side-by-side runs against the libraries a learner would use instead'
	@echo 'make check      the quick part of make test: style, types, spelling, notebooks up to date'

lab:
	$(RUN) lab $(ARGS)

test:
	$(RUN) test $(ARGS)

notebooks:
	$(RUN) notebooks $(ARGS)

bench:
	$(RUN) bench $(ARGS)

check:
	$(RUN) test -- lint format types spelling notebooks
