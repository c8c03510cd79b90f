#!/usr/bin/env bash
# Renders the drawings of assets/svg into the pictures that are checked in. Needs rsvg-convert
# (Debian: librsvg2-bin) and ImageMagick.
set -euo pipefail
cd "$(dirname "$0")"
rsvg-convert -w 1024 -h 1024 svg/app.svg -o ../build/appicon.png
rsvg-convert -w 256 -h 256 svg/app.svg -o app.png
for state in stopped starting ready attention unreachable; do
  # Twice the 22 pixels of a panel: a host halves it cleanly, and a sharp screen has enough.
  rsvg-convert -w 44 -h 44 "svg/$state.svg" -o "tray/$state.png"
  rsvg-convert -w 44 -h 44 "svg/$state-mono.svg" -o "tray/$state-mono.png"
done
# Windows takes all sizes in one file.
tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT
for size in 016 024 032 048 064 128 256; do
  rsvg-convert -w "$size" -h "$size" svg/app.svg -o "$tmp/$size.png"
done
convert "$tmp"/*.png ../build/windows/icon.ico
