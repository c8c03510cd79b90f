#!/usr/bin/env bash
# Starts the engine and opens the window on it. Run it through `make run`.
set -euo pipefail
cd "$(dirname "$0")/.."
bin/berth start
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  # The tray is a convenience: a desktop without a place for it still gets its window.
  bin/berth-tray >/dev/null 2>&1 &
fi
exec bin/berth desktop
