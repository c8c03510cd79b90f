#!/usr/bin/env bash
# Installs what is missing of the named groups of packages, and says what. Debian and Ubuntu only; on other systems it
# lists what it would have installed. Usage: build/deps.sh GROUP…
set -euo pipefail

packages() {
  case "$1" in
    build) echo build-essential pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev libayatana-appindicator3-dev ;;
    engine) echo docker.io iptables iproute2 ;;
    test) echo busybox-static docker-registry chromium xvfb dbus dbus-x11 xfce4-panel xdotool openbox xclip x11-utils imagemagick librsvg2-common at-spi2-core fonts-dejavu-core git rootlesskit slirp4netns uidmap fuse-overlayfs openssh-server mmdebstrap qemu-utils libarchive-tools ;;
    machine) echo qemu-system-x86 qemu-utils openssh-client ;;
    image) echo mmdebstrap qemu-utils e2fsprogs ;;
    engines) echo mmdebstrap util-linux ;;
    packages) echo mmdebstrap util-linux rpm lintian ;;
    cross) echo nsis ;;
    pictures) echo pngquant ;;
    *) echo "deps.sh: no group $1: use build, engine, engines, machine, image, packages, cross, pictures or test" >&2; exit 2 ;;
  esac
}

need() { # need COMMAND WHERE-TO-GET-IT
  command -v "$1" >/dev/null || { echo "Berth needs $1: $2" >&2; exit 1; }
}

need go "install Go 1.26 or newer from go.dev"
need node "install Node.js 20.19 or newer"
need npm "install npm 11"

missing=()
for group in "$@"; do
  listed=$(packages "$group") # by itself, so that a group that does not exist ends the script
  for p in $listed; do
    dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
  done
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Berth needs these Debian packages or their equals on this system: ${missing[*]}" >&2
  exit 1
fi
echo "Installing: ${missing[*]}"
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
