package engine

import "strings"

// Engines from Docker 20.10 (API 1.41) on are spoken to, with images in graph drivers or in containerd. They differ in
// what they say, and only here and where this table points is anything made of that; `make test-engines` holds it:
//
//	what                                      since, where            what we do
//	untagged images: <none>:<none>, or []     to API 1.42; from 1.43  set drops what begins with <none>
//	lists of containers tell the health       API 1.52                the inspect tells, and the list's word is a bonus
//	lists of volumes filter by name as a      all                     volumes are matched by their whole name
//	regular expression
//	events have status, id and from           to API 1.51             never read: kind and actor are in all versions
//	events of image builds without a tag      API 1.46                the relist finds what no event told
//	an image's ID is its manifest's digest    containerd              digestsOf
//	lists name one repository's digest only   containerd              digestsOf
//	an inspect counts an image's size as it   containerd              the mirror keeps the list's size, which docker
//	was downloaded, a list as it lies there                           images shows too
//	a container whose first network is gone   26                      its error is shown as the engine's
//	cannot be started
//	stop and restart take a signal            API 1.42                knowsSignals
//	health checks have a start interval, and  API 1.44                knowsWish
//	networks a hardware address
//	prune without "all" spares named volumes  API 1.42                we never prune for the user

// digestsOf gives an image's digests, repository by repository. Where the ID is itself the digest, as in containerd's
// image store, lists name it for one repository only, and so it is put together from the tags.
func digestsOf(id string, tags, said []string) []string {
	isID := false
	for _, d := range said {
		isID = isID || strings.HasSuffix(d, "@"+id)
	}
	if !isID {
		return said
	}
	all := make([]string, 0, len(tags))
	for _, t := range tags {
		repository := t
		if colon := strings.LastIndexByte(t, ':'); colon > strings.LastIndexByte(t, '/') {
			repository = t[:colon]
		}
		all = append(all, repository+"@"+id)
	}
	return set(all)
}
