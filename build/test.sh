#!/usr/bin/env bash
# Runs the named suites and ends with one line of counts. Usage: build/test.sh [go] [page] [desktop] [package] [machine]
set -uo pipefail
cd "$(dirname "$0")/.."

out=.cache/test
mkdir -p "$out"
export BERTH_BIN="$PWD/bin" BERTH_KUBECTL="$PWD/bin/berth-kubectl"
status=0 passed=0 failed=0 skipped=0

count_go() { # count_go FILE: adds up a gotestsum JSON file
  local p f s
  p=$(grep -c '"Action":"pass".*"Test":' "$1") f=$(grep -c '"Action":"fail".*"Test":' "$1") s=$(grep -c '"Action":"skip".*"Test":' "$1")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

gotest() { # gotest NAME GO-TEST-ARGUMENTS…
  local name=$1
  shift
  (cd build/tools && GOFLAGS=-mod=mod go build -o ../../.cache/bin/gotestsum gotest.tools/gotestsum) || status=1
  .cache/bin/gotestsum --format pkgname --jsonfile "$out/$name.json" -- "$@" || status=1
  count_go "$out/$name.json"
}

count_js() { # count_js vitest|playwright: adds up a JSON report
  local p f s
  read -r p f s < <(node build/counts.mjs "$1" "$out/$1.json" || echo "0 1 0")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

for suite in "$@"; do
  echo "== $suite"
  case "$suite" in
    go) gotest go -race -timeout 25m -p 2 ./... ;;
    page)
      (cd frontend && npm test --silent -- --reporter=default --reporter=json --outputFile="../$out/vitest.json") || status=1
      count_js vitest
      (cd frontend && PLAYWRIGHT_JSON_OUTPUT_NAME="../$out/playwright.json" npm run --silent e2e -- --reporter=list,json) || status=1
      count_js playwright
      ;;
    desktop) BERTH_ARTIFACTS="$PWD/$out/desktop" gotest desktop -tags desktop -count=1 -timeout 10m ./app/desktoptest/... ;;
    package) gotest package -tags packages -count=1 -timeout 30m ./build/packagetest ;;
    machine) gotest machine -tags machine -count=1 -timeout 60m -run ARealMachine ./vm/lima ;;
    *) echo "test.sh: no suite $suite: use go, page, desktop, package or machine" >&2; exit 2 ;;
  esac
done

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ]
