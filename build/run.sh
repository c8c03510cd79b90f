#!/usr/bin/env bash
# Starts the engine and opens the window on it. Run it through `make run`.
set -euo pipefail
cd "$(dirname "$0")/.."
bin/berth start
exec bin/berth desktop
