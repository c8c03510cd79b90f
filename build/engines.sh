#!/usr/bin/env bash
# Runs the suites that speak to a real engine against each Docker that Debian has: the machine's own, trixie's and sid's,
# the last one also with containerd's image store. Each foreign engine lives in a root of its own under .cache/engines,
# because it wants a newer libc. Run it through `make test-engines`.
set -uo pipefail
cd "$(dirname "$0")/.."

suites=(./backend/engine/... ./backend/mirror ./backend/controllers)
roots=$PWD/.cache/engines

for tool in mmdebstrap unshare pivot_root; do
  command -v "$tool" >/dev/null || { echo "engines.sh: $tool is missing: apt install mmdebstrap util-linux" >&2; exit 2; }
done
[ "$(id -u)" -eq 0 ] || { echo "engines.sh: engines need root: run it with sudo" >&2; exit 2; }

# The archive that this machine gets its own packages from.
archive() {
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/\?$' ||
    { echo "engines.sh: apt knows no archive of Debian: add one to /etc/apt/sources.list.d" >&2; return 1; }
}

root() { # root SUITE: makes a root with that suite's Docker, once
  local dir=$roots/$1
  [ -x "$dir/usr/sbin/dockerd" ] && return
  echo "Making a root of $1 with its Docker (once; a minute)"
  mkdir -p "$roots"
  rm -rf "$dir.new"
  local from
  from=$(archive) || return
  mmdebstrap --quiet --variant=essential --include=docker.io,iptables,mount,ca-certificates \
    --aptopt='Acquire::Check-Valid-Until "false"' "$1" "$dir.new" "$from" && rm -rf "$dir" && mv "$dir.new" "$dir"
}

status=0
run() { # run NAME ROOT CONTAINERD-STORE
  echo "== $1"
  BERTH_TEST_ENGINE=$2 BERTH_TEST_CONTAINERD_STORE=$3 go test -count=1 -p 1 -timeout 20m "${suites[@]}" || { status=1; failed+=("$1"); }
}

failed=()
for suite in trixie sid; do
  root "$suite" || { echo "engines.sh: no root of $suite could be made" >&2; exit 1; }
done
run "Docker $(dockerd --version | grep -o '[0-9.]*' | head -1), this machine's" '' ''
for suite in trixie sid; do
  run "Docker $(chroot "$roots/$suite" dockerd --version | grep -o '[0-9.]*' | head -1), Debian $suite's, graph drivers" "$roots/$suite" ''
done
run "the same, containerd's image store" "$roots/sid" 1

if [ "$status" -ne 0 ]; then
  printf 'failed with %s\n' "${failed[@]}" >&2
fi
exit "$status"
