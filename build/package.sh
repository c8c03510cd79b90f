#!/usr/bin/env bash
# Makes dist/berth_<version>_amd64.deb and .rpm from what lies in bin/, with a bill of materials for each program and the
# checksums of all. The same commit gives the same files. Run it through `make package`. Settings: BERTH_PACKAGE_VERSION
# (else build/version.sh tells it), BERTH_DIST (else dist).
set -euo pipefail
cd "$(dirname "$0")/.."

programs=(berth berth-kubectl berth-lima berth-desktop berth-tray)
# Not on PATH: Lima looks for its guest agent beside the program that it is in, and another Lima may be installed.
private=(berth-lima lima-guestagent.Linux-x86_64)
dist=${BERTH_DIST:-dist}
root=.cache/package/root
BERTH_VERSION=${BERTH_PACKAGE_VERSION:-$(build/version.sh)}
BERTH_ARCH=$(go env GOARCH)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export BERTH_VERSION BERTH_ARCH SOURCE_DATE_EPOCH
umask 022

tool() { # tool NAME PACKAGE: builds a pinned tool, once
  local bin=.cache/bin/$1
  if [ ! -x "$bin" ] || ! go version -m "$bin" | grep -qF "$(cd build/tools && GOFLAGS=-mod=mod go list -f $'{{.Module.Path}}\t{{.Module.Version}}' "$2")"; then
    echo "Building $1 (once; some minutes)" >&2
    (cd build/tools && GOFLAGS=-mod=mod go build -o "../../$bin" "$2")
  fi
}

stage() {
  rm -rf "$root"
  for program in "${programs[@]}" "${private[@]}"; do
    if [[ " ${private[*]} " == *" $program "* ]]; then
      install -D -t "$root/usr/lib/berth" "bin/$program"
    else
      install -D -t "$root/usr/bin" "bin/$program"
    fi
  done
  ln -s ../lib/berth/berth-lima "$root/usr/bin/berth-lima"
  install -D -m 644 -t "$root/usr/lib/systemd/user" build/linux/berth.service
  install -D -m 644 -t "$root/usr/share/applications" build/linux/berth-desktop.desktop
  install -D -m 644 -t "$root/usr/share/metainfo" build/linux/desktop.berth.Berth.metainfo.xml
  install -D -m 644 -t "$root/usr/share/doc/berth" README.md ARCHITECTURE.md
  install -D -m 644 build/linux/copyright "$root/usr/share/doc/berth/copyright"
  go run ./build/notices frontend "${programs[@]/#/bin/}" "bin/${private[1]}" >"$root/usr/share/doc/berth/THIRD-PARTY-NOTICES"
  gzip -9 -n "$root/usr/share/doc/berth/THIRD-PARTY-NOTICES"
  printf 'berth (%s) unstable; urgency=medium\n\n  * See https://github.com/berth-desktop/berth/releases\n\n -- The Berth developers <berth-desktop@users.noreply.github.com>  %s\n' \
    "$BERTH_VERSION" "$(LC_ALL=C TZ=UTC date -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9 -n >"$root/usr/share/doc/berth/changelog.gz"
  install -D -m 644 assets/svg/app.svg "$root/usr/share/icons/hicolor/scalable/apps/berth.svg"
  install -D -m 644 assets/app.png "$root/usr/share/icons/hicolor/256x256/apps/berth.png"
  install -d "$root"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d,man/man1}
  bin/berth completion bash >"$root/usr/share/bash-completion/completions/berth"
  bin/berth completion zsh >"$root/usr/share/zsh/vendor-completions/_berth"
  bin/berth completion fish >"$root/usr/share/fish/vendor_completions.d/berth.fish"
  bin/berth man "$root/usr/share/man/man1"
  gzip -9 -n "$root"/usr/share/man/man1/*.1
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

tool nfpm github.com/goreleaser/nfpm/v2/cmd/nfpm
tool cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
stage
mkdir -p "$dist"
for kind in deb rpm; do
  .cache/bin/nfpm package -f build/linux/nfpm.yaml -p "$kind" -t "$dist/berth_${BERTH_VERSION}_$BERTH_ARCH.$kind" >/dev/null
done
for program in "${programs[@]}" "${private[1]}"; do
  # Without a serial number and a time: they would differ from build to build.
  .cache/bin/cyclonedx-gomod bin -json -noserial -version "$BERTH_VERSION" -output "$dist/$program.cdx.json" "bin/$program" 2>/dev/null
  sed -i '/^    "timestamp": /d' "$dist/$program.cdx.json"
done
(cd "$dist" && sha256sum "berth_${BERTH_VERSION}_$BERTH_ARCH".{deb,rpm} "${programs[@]/%/.cdx.json}" "${private[1]}.cdx.json" >SHA256SUMS)
ls -1 "$dist"
