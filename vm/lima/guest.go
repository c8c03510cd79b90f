package lima

// What the guest is told to do. Lima runs the scripts at each boot, in this order, once its own are done, and does not
// say when one fails: so the probe asks for the result.

const (
	// dataBytes and dataDisk are parameters of the template: the driver makes the disk by them.
	dataBytes   = "dataBytes"
	dataDisk    = "dataDisk"
	probeDocker = "docker to be ready"
)

func provision(bare bool) []any {
	var all []any
	all = append(all, document{"mode": "boot", "script": keepLabel}, document{"mode": "system", "script": layData})
	if bare {
		all = append(all, document{"mode": "system", "script": installDocker})
	}
	return append(all, document{"mode": "system", "script": startDocker})
}

// keepLabel runs early in each boot, before Lima's own scripts. One of those formats the engine's disk if there is no link
// with its label, and only udev makes that link: it may be late, or fail to read the disk. So the disk itself is asked.
// https://github.com/lima-vm/lima/issues/4830 is how others lost their data.
const keepLabel = `#!/bin/sh
label="lima-{{.Param.dataDisk}}"
udevadm settle --timeout=30
for part in /dev/vd?1; do
  [ -b "$part" ] && [ "$(blkid -p -s LABEL -o value "$part")" = "$label" ] || continue
  mkdir -p /dev/disk/by-label
  [ -b "/dev/disk/by-label/$label" ] || ln -sfn "$part" "/dev/disk/by-label/$label"
done
exit 0
`

// layData puts what the engine keeps on a disk of its own. Without that disk nothing is started: an engine that looks
// empty would be taken for lost data.
const layData = `#!/bin/sh
set -eux
# {{.Param.dataBytes}} bytes were asked for
disk="/mnt/lima-{{.Param.dataDisk}}"
mountpoint -q "$disk"
for name in docker containerd; do
  mkdir -p "$disk/$name" "/var/lib/$name"
  chmod 0710 "$disk/$name"
  mountpoint -q "/var/lib/$name" || mount --bind "$disk/$name" "/var/lib/$name"
done
touch /run/berth-data
`

// installDocker is for images that come without it.
const installDocker = `#!/bin/sh
set -eux
[ -e /run/berth-data ]
command -v dockerd && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends docker.io iptables
`

// startDocker gives the socket to Lima's user. Its group would not do: the connection that the socket is forwarded
// through was opened before the user joined the group, and keeps the groups that it had.
const startDocker = `#!/bin/sh
set -eux
[ -e /run/berth-data ]
d=/etc/systemd/system/docker.socket.d
if [ ! -e "$d/berth.conf" ]; then
  mkdir -p "$d"
  printf '[Socket]\nSocketUser=%s\n' "{{.User}}" >"$d/berth.conf"
  systemctl daemon-reload
fi
systemctl start docker.socket
[ ! -S /run/docker.sock ] || chown "{{.User}}" /run/docker.sock
systemctl start docker.service
`

// waitForDocker needs no program that an image may lack: the service is active once its API answers. Lima asks again when
// it fails, but runs no script twice; what an image without Docker is given comes from a network that may not be there
// yet, so the scripts, which may be repeated, are run again.
const waitForDocker = `#!/bin/bash
set -eux
if ! timeout 60s bash -c 'until systemctl is-active --quiet docker.service; do sleep 1; done'; then
  echo >&2 "docker does not start in the machine; what its boot said last:"
  sudo -n tail -n 40 /var/log/cloud-init-output.log >&2 || true
  systemctl status --no-pager docker.service >&2 || true
  sudo -n sh -c 'for f in /mnt/lima-cidata/provision.system/*; do sh "$f"; done' >&2
  systemctl is-active --quiet docker.service
fi
`
