#!/usr/bin/env bash
# Prints this commit's version as packages want it: it begins with a digit, holds no hyphen, and a later commit's is greater.
# v1.2.3 gives 1.2.3; four commits on, 1.2.3+4.gabcdef1; without any tag, 0.0.0+<commit's time>.gabcdef1.
set -euo pipefail
cd "$(dirname "$0")/.."

if tagged=$(git describe --tags --match 'v[0-9]*' 2>/dev/null); then
  version=$(sed -E 's/^v//; s/-([0-9]+)-g/+\1.g/; s/-/~/g' <<<"$tagged")
else
  version=0.0.0+$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y%m%d%H%M%S).g$(git rev-parse --short HEAD)
fi
[ -z "$(git status --porcelain --untracked-files=no)" ] || version+=.dirty
echo "$version"
