#!/usr/bin/env bash
# Makes the system that Berth's machine boots: Debian with Docker and Lima's guest agent, for direct kernel boot.
# Usage: vm/image/build.sh GUESTAGENT [DIRECTORY]; needs root, mmdebstrap, e2fsprogs, qemu-utils.
#
# What it makes lies in a folder named after the recipe (this file, tree/, the agent), so that it is made once; `current`
# leads to the newest. There are disk.qcow2, vmlinuz, initrd, cmdline, SHA256SUMS, and root, the tree that it was made from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
agent=$(realpath "${1:?usage: build.sh GUESTAGENT [DIRECTORY]}")
store=${2:-${XDG_CACHE_HOME:-$HOME/.cache}/berth/guest-image}
suite=trixie
packages=systemd-sysv,systemd-resolved,udev,dbus,linux-image-cloud-amd64,initramfs-tools,zstd,cloud-init,cloud-guest-utils,fdisk,openssh-server,sudo,docker.io,iptables,ca-certificates,iproute2,kmod,e2fsprogs,procps,libnss-myhostname,sshfs

key=$( (cd "$here" && cat build.sh && find tree -type f | sort | xargs cat && sha256sum <"$agent") | sha256sum | cut -c1-16)
out=$store/$key
if [ -e "$out/SHA256SUMS" ]; then
  ln -sfn "$key" "$store/current"
  echo "$out"
  exit 0
fi
[ "$(id -u)" -eq 0 ] || { echo "The guest image is made as root: sudo $0 $*" >&2; exit 1; }
[ "$(uname -m)" = x86_64 ] || { echo "The guest image is made on x86_64 so far" >&2; exit 1; }

mkdir -p "$store"
work=$(mktemp -d "$store/.work.XXXXXX") # beside the result, so that the last step is a rename
trap 'rm -rf "$work"' EXIT
root=$work/root

cat >"$work/setup.sh" <<'S'
set -eu
mkdir -p "$1/etc/initramfs-tools/conf.d"
printf 'MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=3\nBUSYBOX=auto\n' >"$1/etc/initramfs-tools/conf.d/berth"
printf 'virtio_pci\nvirtio_blk\nvirtio_scsi\nsr_mod\nisofs\next4\n' >>"$1/etc/initramfs-tools/modules"
S

cat >"$work/finish.sh" <<'S'
set -eu
r=$1 tree=$2 agent=$3
chroot "$r" update-initramfs -u -k all
cp -r "$tree/." "$r/"
install -m 755 "$agent" "$r/usr/local/bin/lima-guestagent"
echo '/dev/vda / ext4 defaults,discard 0 1' >"$r/etc/fstab"
echo localhost >"$r/etc/hostname"
: >"$r/etc/machine-id"
# Docker waits for its disk: the machine's provisioning starts it.
chroot "$r" systemctl disable docker.service docker.socket containerd.service
chroot "$r" systemctl enable systemd-networkd systemd-resolved ssh lima-guestagent
chroot "$r" systemctl mask systemd-networkd-wait-online.service systemd-network-generator.service systemd-pstore.service \
  systemd-binfmt.service modprobe@efi_pstore.service modprobe@configfs.service sshd-keygen.service \
  e2scrub_reap.service getty@tty1.service serial-getty@ttyS0.service cloud-init-hotplugd.socket \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer
rm -rf "$r"/usr/share/doc "$r"/usr/share/man "$r"/usr/share/locale "$r"/var/lib/apt/lists/* "$r"/var/cache/apt/*.bin \
  "$r"/var/log/*.log "$r"/etc/ssh/ssh_host_* "$r"/boot/*.old
S

mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --components=main \
  --aptopt='Apt::Install-Recommends "0"' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --essential-hook="sh $work/setup.sh \"\$1\"" \
  --customize-hook="sh $work/finish.sh \"\$1\" $here/tree $agent" \
  "$suite" "$root" ${BERTH_DEBIAN_MIRROR:+"$BERTH_DEBIAN_MIRROR"} >&2
chmod 755 "$root"
mv "$root"/boot/vmlinuz-* "$work/vmlinuz"
mv "$root"/boot/initrd.img-* "$work/initrd"

truncate -s 2G "$work/disk.raw"
mkfs.ext4 -q -L root -O ^has_journal -m 0 -d "$root" "$work/disk.raw"
qemu-img convert -c -o compression_type=zstd -O qcow2 "$work/disk.raw" "$work/disk.qcow2"
rm -f "$work/disk.raw" "$work/setup.sh" "$work/finish.sh"
printf '%s' 'root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off systemd.show_status=1 audit=0' >"$work/cmdline"
(cd "$work" && sha256sum disk.qcow2 vmlinuz initrd cmdline >SHA256SUMS)

chmod 755 "$work"
mv "$work" "$out"
trap - EXIT
ln -sfn "$key" "$store/current"
echo "$out"
