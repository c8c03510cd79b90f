package lima

// PublicImage is Debian's own cloud image for an architecture as Lima names it; Docker is installed from Debian when the
// machine first boots. It reports false for an architecture that it does not know.
func PublicImage(arch string) (Image, bool) {
	const release = "https://cloud.debian.org/images/cloud/bookworm/20251006-2257/debian-12-genericcloud-"
	switch arch {
	case "x86_64":
		return Image{
			Arch: arch, Bare: true, Disk: release + "amd64-20251006-2257.qcow2",
			Digest: "sha512:97000cb3d98ec7c5d40ba8764271cc903a1697f821ea7c7c52b6474151da425d31052fa7026396de84b6ef2671b1a6a8f2c12960c70c9afe34adf642d259b683",
		}, true
	case "aarch64":
		return Image{
			Arch: arch, Bare: true, Disk: release + "arm64-20251006-2257.qcow2",
			Digest: "sha512:1a64d8f2f1489560a38224c441b73ac29d159c29481eb54dd41c35f07e7a74758281e91e77329642443ef7b8361fd2ba2d7412a201374e26bd5b619a8735cc63",
		}, true
	}
	return Image{}, false
}
