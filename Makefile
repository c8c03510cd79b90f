# Two commands do everything on a fresh machine: `make run` and `make test`. `make help` lists the rest.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
MODULE  := github.com/berth-desktop/berth
BIN     := bin
DEVWIN  := .cache/bin/berth-desktop-dev
# grpcnotrace lets the linker drop what only gRPC's trace page needs: 11 MB of the daemon.
TAGS    := grpcnotrace
LDFLAGS := -s -w -X main.version=$(VERSION)
KUBEVER := -X k8s.io/component-base/version.gitVersion=v1.37.2+berth -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37
GO      := CGO_ENABLED=0 go build -trimpath -tags $(TAGS)
CGO     := CGO_ENABLED=1 go build -trimpath
GUESTAGENT := $(BIN)/lima-guestagent.Linux-x86_64
GOSRC    = $(shell git ls-files --cached --others --exclude-standard '*.go' go.mod go.sum)
PAGESRC  = $(shell git ls-files --cached --others --exclude-standard frontend | grep -v '^frontend/e2e/')

.DEFAULT_GOAL := help
.PHONY: help deps deps-run generate build man run test test-go test-page test-desktop test-engines test-vm guest-image lint bench bench-mirror bench-ui docs pictures package test-package cross clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what building and testing need and this machine lacks (Debian, Ubuntu)
	@build/deps.sh build engine test

deps-run: ## install what building and running need and this machine lacks
	@build/deps.sh build engine

generate: frontend/node_modules/.installed ## regenerate what is derived from backend/api
	build/generate.sh

build: deps-run $(BIN)/berth $(BIN)/berth-kubectl $(BIN)/berth-lima $(BIN)/berth-desktop $(BIN)/berth-tray ## build the binaries into bin/

man: $(BIN)/berth ## write the manual pages into bin/man
	$(BIN)/berth man $(BIN)/man

run: build ## build, start the engine and open the window (without a display: print the page's address)
	build/run.sh

test: deps build $(DEVWIN) $(GUESTAGENT) ## run every test: Go with -race, the page, the window and the tray, the packages
	build/deps.sh packages
	build/test.sh go page desktop package

test-go: deps build ## run the Go tests with -race, on a real dockerd
	build/test.sh go

test-page: deps build $(DEVWIN) ## run the page's tests: Vitest, then Chromium on the real daemon and a real dockerd, and once more behind the window
	build/test.sh page

test-desktop: deps build ## run the smoke test of the window and the tray under Xvfb
	build/test.sh desktop

test-engines: deps ## run what speaks to a real engine against each Docker that Debian has
	build/deps.sh engines
	build/engines.sh

lint: deps frontend/node_modules/.installed frontend/dist/index.html ## check style, walls, types, and that generated code is current
	build/lint.sh

bench: deps build ## print the figures of docs/benchmarks.md
	build/bench.sh

bench-ui: deps build ## print what the page costs: events to the eye, scrolling, the first load
	cd frontend && npx playwright test -c playwright.bench.config.ts

bench-mirror: deps build ## print the mirror's figures alone, with what each change and each idle minute costs, and ten minutes of load
	build/bench.sh mirror

docs: ## rewrite the pages of docs/ that are derived from code
	go run -tags $(TAGS) ./build/reference docs

pictures: deps build ## make the pictures of docs/pictures.md anew, on a real engine
	build/deps.sh pictures
	cd frontend && npx playwright test -c playwright.pictures.config.ts

package: build $(GUESTAGENT) ## make the .deb and the .rpm, with bills of materials and checksums, in dist/
	build/package.sh

test-package: build $(GUESTAGENT) ## install, run, upgrade and purge the .deb in a clean Debian (needs root; once some minutes)
	build/deps.sh packages
	build/test.sh package

test-vm: deps build guest-image ## take the shipped Berth through the life of a real virtual machine (needs root; up to 25 minutes without KVM)
	build/deps.sh machine
	build/test.sh machine

guest-image: $(GUESTAGENT) ## make the system that the machine boots, in the user's cache (needs root; once some minutes)
	build/deps.sh image
	vm/image/build.sh $(GUESTAGENT)

cross: frontend/dist/index.html ## build for Windows with its installer, check what can be checked for macOS
	build/deps.sh cross
	build/cross.sh

clean: ## remove what was built; never your containers, images or volumes
	rm -rf $(BIN) dist .cache frontend/node_modules
	find frontend/dist -mindepth 1 ! -name .gitkeep -delete

$(BIN)/berth: $(GOSRC) frontend/dist/index.html
	$(GO) -ldflags '$(LDFLAGS)' -o $@ ./app/cmd/berth

$(BIN)/berth-kubectl: $(GOSRC)
	$(GO) -ldflags '-s -w $(KUBEVER)' -o $@ ./app/cmd/berth-kubectl

$(BIN)/berth-lima: $(GOSRC)
	$(GO) -ldflags '-s -w' -o $@ ./app/cmd/berth-lima

# It runs in the machine, beside whatever the host is. Lima looks for it beside berth-lima.
$(GUESTAGENT): go.mod
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -ldflags '-s -w' -o $@ github.com/lima-vm/lima/cmd/lima-guestagent

$(BIN)/berth-desktop: $(GOSRC) frontend/dist/index.html
	$(CGO) -tags desktop,production,webkit2_41 -ldflags '$(LDFLAGS)' -o $@ .

# The window with the door that Wails opens for a browser while one develops: what Playwright drives.
$(DEVWIN): $(GOSRC) frontend/dist/index.html
	CGO_ENABLED=1 go build -trimpath -tags dev,webkit2_41 -o $@ .

$(BIN)/berth-tray: $(GOSRC)
	$(CGO) -tags desktop -ldflags '$(LDFLAGS)' -o $@ ./app/cmd/berth-tray

frontend/node_modules/.installed: frontend/package.json frontend/package-lock.json
	@# Not `npm ci`: it refuses a lock that leaves out builds for systems that a registry does not carry.
	cd frontend && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/index.html: frontend/node_modules/.installed $(PAGESRC)
	cd frontend && npm run --silent build
	@touch $@
