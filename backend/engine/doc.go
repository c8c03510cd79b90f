// Package engine speaks Docker: it turns what an engine says into the API's own words and carries commands to it.
// It is the only importer of the moby client. The mirror reads through it, the controllers act through it.
//
// Commands go through moby's client. Lists, inspects and the event stream are decoded here, straight into the few
// fields that Berth shows and object by object, so that one broken object cannot hide the others.
package engine
