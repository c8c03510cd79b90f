// Package streams answers what does not fit an object: logs, sessions, statistics, files, and the engine's own words.
//
// They are subresources, as a pod's are in Kubernetes. backend/apiserver finds the object and asks here; both sides of
// what is written are in backend/api/stream. With C = /apis/containers.berth.desktop/v1alpha1/namespaces/<namespace>:
//
//	GET C/containers/<name>/log?follow=true&tailLines=100&sinceTime=<RFC 3339>&sinceSeconds=60&untilTime=<RFC 3339>&details=true&timestamps=true&stdout=false&stderr=false&limitBytes=1000000&format=json
//
// The log as text, or with format=json one stream.LogLine a line. stdout and stderr are both there unless one is false.
// A JSON line's text is cut at 256 KiB and then has "cut". With follow the answer goes on until the container is removed
// or, once it has stopped, is at its end.
//
//	GET C/containers/<name>/stats?follow=true
//	GET C/containernamespaces/<name>/stats?follow=true
//
// One stream.Sample a line, about once a second: of one container, or of all that run (one line for each, every two
// seconds; those that stopped no longer come). Without follow, one sample of each.
//
//	GET C/containers/<name>/exec?command=sh&command=-c&command=ls&stdin=true&stdout=true&stderr=true&tty=true   (WebSocket)
//	GET C/containers/<name>/attach?stdin=true&stdout=true&stderr=true                                           (WebSocket)
//
// Kubernetes' remote command protocol v5.channel.k8s.io (v4 too): client-go's remotecommand speaks it. Each binary
// message begins with a byte that names its channel:
//
//	0 stdin  1 stdout  2 stderr  3 status  4 resize  255 close (the next byte is the channel that ends, such as 0)
//
// An empty message on channel 1 says that the session has begun: who attaches before a container is started starts it then.
// A client that ends channel 1 before it goes leaves what it ran with a terminal going on; else that is hung up.
// Resize is {"Width":80,"Height":24}. Status comes once, at the end: a metav1.Status whose status is "Success", or
// "Failure" with the reason NonZeroExitCode and the cause {"reason":"ExitCode","message":"3"}. exec also takes user,
// privileged, workdir, env=K=V (repeated), and width and height, the terminal's first size; attach takes start=true, which starts the
// container once all that it says will be heard. With a terminal all output is stdout.
//
// A browser reads a WebSocket whether or not its page keeps up. With window=<bytes>, such as 262144, no more output than
// that is under way: the page says on channel 5 how many bytes of output it is done with, in decimal digits.
//
//	GET C/containers/<name>/files?path=/etc                 a folder's stream.Folder: its entries, one level
//	GET C/containers/<name>/files?path=/etc/hosts&raw=true   a file's bytes, as an attachment, 64 MiB at most
//	GET C/containers/<name>/files?path=/etc/hosts            a file's stream.Folder with itself as its only entry
//	GET C/containers/<name>/files?path=/etc&archive=true     a file, or a folder with all below it, as tar
//	GET C/containers/<name>/files?path=/etc&stat=true        stream.Entry of the path itself, a link unfollowed
//	PUT C/containers/<name>/files?path=/etc&owners=true      unpacks the tar that is sent into that folder
//	GET C/containers/<name>/top?ps_args=-ef                  stream.Processes
//	GET C/containers/<name>/inspect                          the engine's own JSON
//	GET C/images/<name>/inspect, C/images/<name>/history, C/volumes/<name>/inspect, C/networks/<name>/inspect
//	GET C/volumes/<name>/size                                stream.Measure; the engine walks through all volumes for it
//
// These do something that takes a word which an action's annotation has no room for:
//
//	POST C/containers/<name>/rename?name=other
//	POST C/containers/<name>/stop?signal=INT&timeout=5       and restart; the timeout is in seconds, -1 waits for ever
//	POST C/containers/<name>/kill?signal=HUP
//
// With archive=true&follow=false a link at the path is packed as such. Containers that do not run have files, too.
//
// A refusal is a metav1.Status like every other of the API: 404 for what is not there, 409 for the wrong state (exec in a
// container that does not run), 503 while there is no engine.
//
// In a browser the plain GETs may be asked through the page server's /stream, and exec and attach by WebSocket at their
// own address. The window has app.Bridge: Open for the former; Dial and Send for the latter.
//
// Nothing is read from the engine faster than the client takes it, nothing is collected that has no bound, and all ends
// when the client goes.
package streams
