# make help says what the targets are.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

# Packages where goroutines or processes work together. The command's own tests
# are not among them: they start programs, and take minutes under the detector.
CONCURRENT := ./runner/... ./bench ./bench/peers ./workloads ./internal/clock ./internal/imaging ./internal/inputs ./internal/learn ./internal/logscan ./internal/machine

.PHONY: build test race faults lint fuzz bench-peers clean help

build: ## build the command ./corecast
	go build -o corecast ./cmd/corecast

test: ## install what tests call (as root on Debian), run all tests, list what was skipped
	.ci/install
	go test -timeout 30m -json $(TESTFLAGS) ./... | go run ./internal/policy/gotest

race: ## run the tests of concurrent packages under the race detector
	CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 go test -timeout 30m -race $(TESTFLAGS) $(CONCURRENT)

faults: ## run the fault part of the runner's suite on all backends, SEEDS (default 1000) scenarios each
	CORECAST_FAULT_SEEDS=$(or $(SEEDS),1000) go test -count 1 -timeout 3h -run Faults ./runner ./runner/local ./runner/remote

lint: ## check form, vet and staticcheck
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	go vet ./...
	go tool -modfile=tools.mod staticcheck ./...

fuzz: ## run each fuzz target for FUZZTIME (default 10s)
	.ci/fuzz

bench-peers: ## measure corecast beside other ways to fan out (PEERS: its flags)
	go run ./bench/peers $(PEERS)

clean: ## remove what was built; runs/ stays
	rm -f corecast
	find . -path ./.git -prune -o -type f \( -name '*.test' -o -name '*.prof' \) -exec rm -f {} +

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
