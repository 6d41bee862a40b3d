# Every target is one line that calls the coach; without make, `python -m coach VERB` does the same.
# `setup core` brings .venv to the lock, which takes no time when it is there, and hands over to it.

# .venv's own Python, where the coach has made it and it runs, saves starting another one first.
ifeq ($(OS),Windows_NT)
PYTHON ?= python
else
PYTHON ?= $(shell test -x .venv/bin/python -a -f .venv/.installed && echo .venv/bin/python || echo python3)
endif
COACH = @$(PYTHON) -m coach setup core -m coach
TOOL = @$(PYTHON) -m coach setup all -m

# WORK=path names another folder than work/ for what a learner writes.
ifdef WORK
export WORK
endif

# OFFLINE=path names the folder to set up from without a network, whatever the target is.
ifdef OFFLINE
export OFFLINE
endif

.SUFFIXES:
.PHONY: help setup offline watch lessons branches history progress trace doctor run valkey compare notebooks test audit lint book bench always

# Prints the lines below that begin with two number signs.
help:
	@sed -n 's/^## \{0,1\}//p' Makefile

## To learn (WORK=path: in another folder than work/)
##   make lesson-N     check lesson N; the first time, make .venv and work/
lesson-%: always
	$(COACH) check $*
##   make watch        check the lesson in hand at each save
watch:
	$(COACH) watch
##   make watch-N      the same with lesson N
watch-%: always
	$(COACH) watch $*
##   make lessons      check every lesson begun so far
lessons:
	$(COACH) check all
##   make hint-N       a hint for the step that fails (K=2 or K=3: a stronger one)
hint-%: always
	$(COACH) hint $* $(K)
##   make diff-N       your files beside the solution's (BRANCH=sync|async: one of the two)
diff-%: always
	$(COACH) diff $* $(if $(BRANCH),--branch "$(BRANCH)")
##   make solution-N   the site after lesson N in a new folder (TO=folder BRANCH=sync|async)
solution-%: always
	$(COACH) solution $* $(if $(BRANCH),--branch "$(BRANCH)") $(if $(TO),--to "$(TO)")
##   make branches     both solutions as git branches, with a tag for each lesson
branches:
	$(COACH) branches
##   make catch-up-N   make work/ the site in which lesson N begins (BRANCH=sync|async)
catch-up-%: always
	$(COACH) catch-up $* $(if $(BRANCH),--branch "$(BRANCH)")
##   make history      the snapshots of your work
history:
	$(COACH) history
##   make rewind-ID    go back to a snapshot
rewind-%: always
	$(COACH) rewind $*
##   make progress     how far you are
progress:
	$(COACH) progress
##   make trace        where a connection goes in your site, and why it stops (URL=/ws/sc/;
##                     ASGI=mysite.asgi:application WORK=folder: in any project with Channels)
trace:
	$(COACH) trace $(if $(URL),"$$URL") $(if $(ASGI),--asgi "$(ASGI)" $(if $(WORK),--work "$(WORK)"))
##   make doctor       what is amiss on this machine, and the command that mends it
doctor:
	$(COACH) doctor
##   make run          serve the finished site (PROCESSES=4 PORT=8000; SITE=work: serve yours)
run:
	$(COACH) run $(if $(PROCESSES),--processes "$(PROCESSES)") $(if $(PORT),--port "$(PORT)") $(if $(SITE),--work "$(SITE)")
##   make valkey       run a Valkey, on which processes that you start yourself meet (PORT=6379)
valkey:
	$(COACH) valkey $(if $(PORT),--port "$(PORT)")
##   make compare      sync and async consumers, measured here (QUICK=1: in 15 s; SITE=folder)
compare:
	$(TOOL) compare run $(if $(QUICK),--quick) $(if $(SITE),--site "$(SITE)")
##   make notebooks    each line explained and run, lesson by lesson, in JupyterLab
notebooks:
	$(TOOL) jupyterlab --allow-root --ServerApp.ip=127.0.0.1 --LabApp.default_url=/lab/tree/notebooks/01-callable.ipynb
##
## To teach and to build
##   make setup        make .venv for the lessons, as every target does (OFFLINE=folder LOCK=all)
setup:
	@$(PYTHON) -m coach setup $(or $(LOCK),core)
##   make offline      every package in offline/, for machines without a network
##                     (OUT=folder LOCK=core FOR="windows macos linux" PYTHONS="3.12 3.13")
offline: MACHINES = $(foreach kind,$(FOR),--for "$(kind)") $(foreach version,$(PYTHONS),--python "$(version)")
offline:
	$(COACH) offline $(if $(OUT),"$(OUT)") $(if $(LOCK),--lock "$(LOCK)") $(MACHINES)
##   make test         lint, then every test
test: lint
	$(TOOL) pytest -n auto --dist worksteal
##   make audit        the course proves itself
audit:
	$(TOOL) coach audit
##   make lint         ruff and mypy
lint:
	$(TOOL) ruff check
	$(TOOL) ruff format --check --quiet
	$(TOOL) mypy
##   make book         the pages and the executed notebooks as one site, in site/ (OUT=folder)
book:
	$(TOOL) coach book $(if $(OUT),--out "$(OUT)")
##   make bench        what the coach's answers cost, beside the least they could (PART=warm …)
bench:
	$(COACH) bench $(PART) $(if $(ROUNDS),--rounds "$(ROUNDS)")
