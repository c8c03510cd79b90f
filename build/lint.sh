#!/usr/bin/env bash
# Checks style, walls, types, scripts, and that generated code is current. Run it through `make lint`.
set -euo pipefail
cd "$(dirname "$0")/.."

lint=.cache/bin/golangci-lint
if [ ! -x "$lint" ] || [ build/tools/go.mod -nt "$lint" ]; then
  echo "Building golangci-lint (once; some minutes)"
  mkdir -p .cache/bin
  (cd build/tools && GOFLAGS=-mod=mod go build -o "../../$lint" github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
fi

echo "== golangci-lint"
"$lint" run ./...

echo "== go mod tidy"
go mod tidy -diff

echo "== Windows and macOS: types"
build/cross.sh types

echo "== the page: types, style"
(cd frontend && npm run --silent check && npm run --silent lint)

echo "== generated code is current"
before=$(git status --porcelain; git diff | sha256sum)
build/generate.sh
go run -tags grpcnotrace ./build/reference docs
after=$(git status --porcelain; git diff | sha256sum)
if [ "$before" != "$after" ]; then
  git --no-pager diff --stat
  echo "Generated code was not current: commit what \`make generate\` and \`make docs\` wrote." >&2
  exit 1
fi
