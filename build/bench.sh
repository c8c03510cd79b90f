#!/usr/bin/env bash
# Prints the figures of docs/benchmarks.md, with the machine and its load. Run it through `make bench`.
set -euo pipefail
cd "$(dirname "$0")/.."
export BERTH_BIN="$PWD/bin"

echo "commit $(git rev-parse --short HEAD), $(nproc) cores, $(awk '/MemTotal/{printf "%.0f GB", $2/1e6}' /proc/meminfo), load $(cut -d' ' -f1-3 /proc/loadavg)"
ls -l bin | awk 'NR>1{printf "%s %.1f MB\n", $NF, $5/1e6}'
go test -run '^$' -bench . -benchtime 1x -timeout 30m ./build/bench
go test -run '^$' -bench . -timeout 20m ./backend/apiserver/... ./backend/mirror/...
BERTH_ARTIFACTS="$PWD/.cache/bench" go test -tags desktop -run '^$' -bench . -benchtime 1x -timeout 10m ./app/desktoptest
echo "load at the end $(cut -d' ' -f1-3 /proc/loadavg)"
