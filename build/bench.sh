#!/usr/bin/env bash
# Prints the figures of docs/benchmarks.md, with the machine and its load. Run it through `make bench`, or through
# `make bench-mirror` for the mirror alone and at length.
set -euo pipefail
cd "$(dirname "$0")/.."
export BERTH_BIN="$PWD/bin"

load() { cut -d' ' -f1-3 /proc/loadavg; }
bench() { # bench BENCHMARKS GO-TEST-ARGUMENTS…
  go test -run '^$' -bench "$@"
}

echo "commit $(git rev-parse --short HEAD), $(nproc) cores, $(awk '/MemTotal/{printf "%.0f GB", $2/1e6}' /proc/meminfo), load $(load)"
case "${1-}" in
  '')
    ls -l bin | awk 'NR>1{printf "%s %.1f MB\n", $NF, $5/1e6}'
    bench 'Daemon|Native|Mirror|FiveThousand' -benchtime 1x -timeout 30m ./build/bench
    bench . -timeout 20m ./backend/apiserver/... ./backend/mirror/...
    BERTH_ARTIFACTS="$PWD/.cache/bench" bench . -tags desktop -benchtime 1x -timeout 10m ./app/desktoptest
    ;;
  mirror)
    bench 'Mirror|FiveThousand|Cost|Soak' -benchtime 1x -timeout 60m ./build/bench
    bench . -timeout 20m ./backend/mirror/...
    ;;
  *)
    echo "bench.sh: no figures called $1: use mirror, or nothing for all" >&2
    exit 2
    ;;
esac
echo "load at the end $(load)"
