# Every target is one line: the work is done by infra/local/store.py, which says what it needs and what it does.
PYTHON ?= python3
STORE := $(PYTHON) infra/local/store.py

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the store on this machine; Ctrl-C ends it
	@$(STORE) run

up: ## start the store in the background; returns when it answers
	@$(STORE) up

down: ## end the store that runs in the background
	@$(STORE) down

deploy-local: ## build what changed and redeploy it into the running store
	@$(STORE) deploy-local

url: ## print the base of the store's API
	@$(STORE) url

pages-url: ## print the base of the pages, for a browser
	@$(STORE) pages-url

web: ## serve the pages with hot reload, over the running store's API
	@$(STORE) web

web-audit: ## measure the running store's pages with Lighthouse; it takes some minutes and fails for no figure
	@$(STORE) web-audit

issuer-url: ## print the base of the token issuer
	@$(STORE) issuer-url

mail-url: ## print where the mails that were sent are listed
	@$(STORE) mail-url

demo-credentials: ## print the demo customer's and admin's e-mail addresses and passwords as JSON
	@$(STORE) demo-credentials

aws-env: ## print what leads a shell's AWS tools to the running store: eval "$(make -s aws-env)"
	@$(STORE) aws-env

sam-local: ## write what `sam local` needs to run functions against the running store (it needs Docker)
	@$(STORE) sam-local

setup: ## fetch every tool that is missing, into .tools; what it cannot fetch it says
	@$(STORE) setup

logs: ## follow what the functions of the running store log; one function: NAME=place-order
	@$(STORE) logs

dashboard: ## draw the dashboard from what the local store logged, as a page, and print where it is
	@$(STORE) dashboard

test-up: ## start what the tests need and write the variables that lead to it into .shop-test.env; Ctrl-C ends it
	@$(STORE) test-up

# The text as it was given: a $ in a pattern of tests is none of make's.
override RUN := $(value RUN)
export RUN

test: ## run every test, with all that they need around them; some: ONLY=./test/e2e RUN=TestBrowse, or ONLY=web RUN='journey 4'
	@$(STORE) test

lint: ## run every linter
	@$(STORE) lint

fmt: ## format the Go and Python files
	@$(STORE) fmt

bench: ## run the benchmarks and renew docs/benchmarks.md; SHORT=1: every row in some seconds, to see that they run
	@$(STORE) bench

bench-compare: ## compare the last `make bench` with the one before: AGAINST=HEAD~5
	@$(STORE) bench-compare

chaos: ## break a store in every way and check what it promised: SEED=1 MINUTES=10, or ONLY=outage, ONLY=contention
	@$(STORE) chaos

drill: ## lose a table of a store of its own, kill the store, and bring it back with "shop restore"
	@$(STORE) drill

mutants: ## put defects into the sources, one at a time, and require that the tests find each
	@$(STORE) mutants

types: ## make web/src/api/schema.ts, the pages' types of the API, from docs/openapi.yaml, and check the pages by them
	@$(STORE) types

picture: ## draw docs/architecture.svg from docs/architecture.d2
	@$(STORE) picture

vulncheck: ## look for known vulnerabilities in what the store is built from (asks vuln.go.dev)
	@$(STORE) vulncheck

contract-diff: ## fail where docs/openapi.yaml breaks a client of the last release
	@$(STORE) contract-diff

release: ## notes, bills of materials and the tables' record of a release: VERSION=v1.2.3
	@$(STORE) release

build: ## build for AWS with `sam build`
	@$(STORE) build

deploy: ## build, show what changes, deploy to AWS, try the store: STAGE=staging or STAGE=production [PARAMETERS="…"] [YES=1]
	@$(STORE) deploy

.PHONY: help run up down deploy-local url pages-url web web-audit issuer-url mail-url demo-credentials aws-env sam-local setup logs dashboard test test-up lint fmt bench bench-compare chaos drill mutants types picture vulncheck contract-diff release build deploy
