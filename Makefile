# Every target says what it does: `make help`. Tools come from node_modules (Node 24 included) and from test/cluster's cache.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install packages tools generate verify typecheck lint test test-unit soak run demo bench bench-telemetry pictures images manifests

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: node_modules/.package-lock.json ## Install the npm packages (Node 24 is one of them)

node_modules/.package-lock.json: package.json package-lock.json
	@echo "==> npm ci (about 170 packages, 350 MB, usually half a minute)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

packages:
	@test/cluster/install-packages.sh

tools: install packages ## Build or find the pinned Kubernetes, Prometheus, Jaeger and Helm programs
	@node test/cluster/prepare.ts

generate: install ## Write what is generated: CRD, RBAC, chart schema, API docs, HTTP tables
	@node crds/generate.ts
	@node operator/generate.ts
	@node responder/http/generate.ts

verify: generate ## Regenerate and demand a clean tree
	@changes="$$(git status --porcelain -- config docs crds operator/cli/status/hints.ts)"; if [ -n "$$changes" ]; then echo "generated files are stale, commit these:"; echo "$$changes"; git --no-pager diff --stat -- config docs crds operator/cli/status/hints.ts; exit 1; fi
	@echo "generated files are fresh"

typecheck: install ## Check the types
	@tsc

lint: install ## oxlint and knip (unused files, exports, dependencies)
	@oxlint
	@knip

test-unit: install ## The tests that need nothing but Node
	@vitest run --project unit

test: install tools verify typecheck lint ## Everything CI runs: checks, unit, component and cluster tests, and the gates on costs (root, Linux)
	@node test/second-look.ts unit component
	@node test/second-look.ts gates
	@node test/second-look.ts cluster

soak: install tools ## Long forms: every property from another seed, random Redis commands against a real Redis, 2,000 schedules of faults on virtual time, the children of any resource against a real API server, floods against the planned memory, the rules of a thousand tenants, faults between pods (an hour)
	@FC_SEED=$$RANDOM$$RANDOM vitest run --project unit
	@FC_SEED=$$RANDOM$$RANDOM FC_RUNS=5000 vitest run --project component test/redis/differential
	@FC_SEED=$$RANDOM$$RANDOM SIM_RUNS=2000 vitest run --project component test/faults/simulation
	@FC_SEED=$$RANDOM$$RANDOM FC_RUNS=500 vitest run --project cluster test/operator/render/stored
	@KVR_TENANTS=1000 vitest run --project gates test/operator/observability/rules-cost
	@KVR_FLOODS=30 vitest run --project gates test/responder/memory
	@KVR_FAULT_ROUNDS=6 KVR_FAULT_ANSWERS=100 vitest run --project cluster test/product/replication-faults

run: install ## Start one responder on loopback, to be tried with curl
	@node test/demo/run.ts

demo: install packages ## A cluster with two tenants and Prometheus; CONTEXT=kind-kind uses yours; ARGS=--once checks and ends
	@node test/demo/demo.ts $(if $(CONTEXT),--context $(CONTEXT)) $(ARGS)

bench: install ## Benchmarks, each with its peers and a control in one run; ARGS="http resp" runs some; writes docs/performance.md
	@test/cluster/install-packages.sh bench
	@node test/bench/main.ts $(ARGS)

bench-telemetry: install packages ## What telemetry costs a request: each part, all, and the textbook stack; writes docs/performance.md and docs/MONITORING.md
	@node test/bench/main.ts telemetry

pictures: install tools ## Draw the dashboards of live pods into docs/pictures, ten minutes; wants Chromium (CHROMIUM=path of another one)
	@node test/pictures/main.ts

images: install ## Build the two images with docker, podman or buildah, or as archives in dist/images where none works; ENGINE=, BASE=, REGISTRY= (containers/README.md)
	@node build/images.ts $(if $(ENGINE),--engine $(ENGINE)) $(if $(BASE),--base $(BASE)) $(if $(REGISTRY),--registry $(REGISTRY))

manifests: install ## Write dist/install.yaml and both charts as packages; ARGS="--operator-image X --responder-image Y" names your registry's images
	@tools="$$(node test/cluster/prepare.ts kubectl helm | awk 'NF == 2 { sub("/[^/]*$$", "", $$2); printf "%s:", $$2 }')"; PATH="$$tools$$PATH" node build/manifests.ts $(ARGS)
