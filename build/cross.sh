#!/usr/bin/env bash
# Builds Berth for Windows on Linux, with its installer, and checks what can be checked of it for macOS. Run it through
# `make cross`. Nothing here is run: docs/platforms.md says what that means. `build/cross.sh types` only looks whether it
# would compile, in a fraction of the time; `make lint` does that.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = types ]; then
  for system in windows/amd64 darwin/arm64; do
    echo "$system: types"
    go run ./build/crosscheck "$system" grpcnotrace ./app/cmd/berth ./app/cmd/berth-kubectl ./app/cmd/berth-lima
    go run ./build/crosscheck "$system" desktop,production . ./app/cmd/berth-tray
  done
  exit
fi

out=.cache/cross/windows
version=${VERSION:-$(build/version.sh)}
# Windows knows four numbers only.
numbers=$(grep -oE '^v?[0-9]+\.[0-9]+\.[0-9]+' <<<"$version" | tr -d v || true)
numbers=${numbers:-0.0.0}.0
winres=.cache/bin/go-winres
rm -rf "$out" # what an earlier run has made is not looked at again
mkdir -p "$out" .cache/bin

if [ ! -x "$winres" ]; then
  echo "Building go-winres (once)"
  (cd build/tools && GOFLAGS=-mod=mod go build -o "../../$winres" github.com/tc-hib/go-winres)
fi

# The linker takes icon, manifest and version from a .syso beside package main; git ignores those.
folders=(. app/cmd/berth app/cmd/berth-kubectl app/cmd/berth-lima app/cmd/berth-tray)
trap 'for f in "${folders[@]}"; do rm -f "$f/rsrc_windows_amd64.syso"; done' EXIT
for folder in "${folders[@]}"; do
  "$winres" make --in build/windows/winres.json --arch amd64 --out "$folder/rsrc" --file-version "$numbers" --product-version "$numbers"
done

windows() { # windows NAME PACKAGE TAGS LDFLAGS
  echo "windows/amd64 $1"
  GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go build -trimpath -tags "$3" -ldflags "-s -w $4" -o "$out/$1.exe" "$2"
}
windows berth ./app/cmd/berth grpcnotrace "-X main.version=$version"
windows berth-kubectl ./app/cmd/berth-kubectl grpcnotrace ''
windows berth-lima ./app/cmd/berth-lima grpcnotrace ''
windows berth-desktop . desktop,production "-H windowsgui -X main.version=$version"
windows berth-tray ./app/cmd/berth-tray desktop '-H windowsgui'

# Lima's guest agent runs in the machine, which is Linux everywhere.
CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -ldflags '-s -w' -o "$out/lima-guestagent.Linux-x86_64" github.com/lima-vm/lima/cmd/lima-guestagent
go run ./build/notices frontend "$out"/*.exe "$out/lima-guestagent.Linux-x86_64" >"$out/THIRD-PARTY-NOTICES.txt"
cp LICENSE "$out/LICENSE.txt"

makensis -V2 -NOCD "-DBIN=$PWD/$out" "-DVERSION=$version" "-DICON=$PWD/build/windows/icon.ico" "-DOUT=$PWD/$out/berth-setup.exe" \
  build/windows/installer/berth.nsi

for package in ./app/cmd/berth ./app/cmd/berth-kubectl; do
  echo "darwin/arm64 $package"
  GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go build -trimpath -tags grpcnotrace -o /dev/null "$package"
done
# These call Apple's frameworks through C.
echo "darwin/arm64 the window, the tray and what links Lima: types only"
go run ./build/crosscheck darwin/arm64 desktop,production . ./app/cmd/berth-tray
go run ./build/crosscheck darwin/arm64 grpcnotrace ./app/cmd/berth-lima
go test -count=1 -tags cross ./build/packagetest
