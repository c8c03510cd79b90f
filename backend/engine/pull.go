package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/go-units"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Why an image cannot be pulled or pushed, as far as the engine's words tell.
var (
	// ErrDenied is returned when the registry wants a login, or another one.
	ErrDenied = errors.New("refused by the registry")
	// ErrUnreachable is returned when the engine cannot reach the registry.
	ErrUnreachable = errors.New("the registry cannot be reached")
	// ErrRateLimited is returned when the registry lets no more be pulled or pushed for now.
	ErrRateLimited = errors.New("limited by the registry")
	// ErrNoSpace is returned when the engine's disk is full.
	ErrNoSpace = errors.New("no space left in the engine")
	// ErrCutOff is returned when the engine ended before the image was where it was to be.
	ErrCutOff = errors.New("the engine ended meanwhile")
)

// Login is what a registry is told about who asks. It is secret: nothing of it may be stored or logged.
type Login struct {
	Username, Password string
	// IdentityToken stands for both, where the registry gave one.
	IdentityToken string
	// RegistryToken is sent as it is.
	RegistryToken string
}

// Pull is an image that is wanted from its registry.
type Pull struct {
	Reference string
	// Platform is os/architecture[/variant]; the engine's own if it is empty.
	Platform string
	Login    Login
}

// Progress is how far a pull or a push has come.
type Progress struct {
	// Line is what is being done, for people.
	Line string
	// LayersDone are there, of those that are known so far.
	LayersDone, LayersTotal int32
	// BytesCurrent were sent, of the layers whose size is known so far.
	BytesCurrent, BytesTotal int64
}

// Pulled is an image that a pull has brought.
type Pulled struct {
	ID string
	// RepoTag is the name under which the image is listed now; it is empty for one without tags.
	RepoTag string
	// Listed says that RepoTag is known: an image that was pulled by digest may have several.
	Listed bool
}

// PullImage fetches an image, and tells each of how far it has come.
func (c *Client) PullImage(ctx context.Context, p Pull, each func(Progress)) (Pulled, error) {
	pulled, err := c.pull(ctx, p, each)
	if err != nil {
		return Pulled{}, fmt.Errorf("pull image %s: %w", p.Reference, err)
	}
	return pulled, nil
}

func (c *Client) pull(ctx context.Context, p Pull, each func(Progress)) (Pulled, error) {
	named, err := reference.ParseNormalizedNamed(p.Reference)
	if err != nil {
		return Pulled{}, &answer{kind: ErrInvalid, words: err.Error(), cause: err}
	}
	o, err := pullOptions(p)
	if err != nil {
		return Pulled{}, err
	}
	stream, err := c.moby.ImagePull(ctx, p.Reference, o)
	if err != nil {
		return Pulled{}, explained(p.Reference, translate(err))
	}
	count := newLayerCount("Pulling", p.Reference)
	err = follow(ctx, p.Reference, stream, func(m *jsonstream.Message) {
		if count.add(m) {
			each(count.progress())
		}
	}, func() bool { return count.ended })
	if err != nil {
		return Pulled{}, err
	}
	return c.pulled(ctx, named)
}

// said is what an engine says of a pull or a push.
type said interface {
	io.Closer
	JSONMessages(ctx context.Context) iter.Seq2[jsonstream.Message, error]
}

// follow hands on what an engine says until its end. ended tells whether the engine has said that this is the end: one
// that is ended gracefully ends its words as if nothing were.
func follow(ctx context.Context, ref string, words said, each func(*jsonstream.Message), ended func() bool) error {
	defer words.Close()
	for m, err := range words.JSONMessages(ctx) {
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return &answer{kind: ErrCutOff, words: err.Error(), cause: err}
		case m.Error != nil:
			return explained(ref, &answer{words: m.Error.Message})
		default:
			each(&m)
		}
	}
	switch {
	case ended():
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return &answer{kind: ErrCutOff, words: "the engine said no more"}
	}
}

func (c *Client) pulled(ctx context.Context, named reference.Named) (Pulled, error) {
	name := reference.FamiliarString(reference.TagNameOnly(named))
	if _, byDigest := named.(reference.Digested); byDigest {
		// Older engines do not know NAME:TAG@DIGEST, which is the image of the digest.
		name = reference.FamiliarName(named) + "@" + named.(reference.Digested).Digest().String()
		records, err := c.inspectImage(ctx, name)
		if err != nil {
			return Pulled{}, err
		}
		return Pulled{ID: records[0].ID, Listed: len(records[0].RepoTags) == 0}, nil
	}
	id, err := c.ImageIDOf(ctx, name)
	return Pulled{ID: id, RepoTag: name, Listed: true}, err
}

// platforms reads os/architecture[/variant].
func platforms(text string) []ocispec.Platform {
	parts := append(strings.SplitN(text, "/", 3), "", "")
	return []ocispec.Platform{{OS: parts[0], Architecture: parts[1], Variant: parts[2]}}
}

func pullOptions(p Pull) (client.ImagePullOptions, error) {
	var o client.ImagePullOptions
	if p.Platform != "" {
		o.Platforms = platforms(p.Platform)
	}
	if p.Login == (Login{}) {
		return o, nil
	}
	var err error
	o.RegistryAuth, err = p.Login.header()
	return o, err
}

// header is a login as engines read it.
func (l Login) header() (string, error) {
	text, err := authconfig.Encode(registry.AuthConfig{
		Username: l.Username, Password: l.Password, IdentityToken: l.IdentityToken, RegistryToken: l.RegistryToken,
	})
	if err != nil {
		return "", fmt.Errorf("encode the login: %w", err)
	}
	return text, nil
}

// explained tells by its words why an image cannot be pulled or pushed: within a stream there is nothing else, and before it
// engines give one status to several causes. The image's own name is none of their words: it may have any in it, and a
// registry's port any number.
func explained(ref string, err error) error {
	if errors.Is(err, ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	host, path, _ := strings.Cut(strings.ToLower(ref), "/")
	words := strings.NewReplacer(strings.ToLower(ref), "", host+"/v2/"+path, "", host, "").Replace(strings.ToLower(err.Error()))
	for _, is := range []struct {
		kind  error
		signs []string
	}{
		{ErrRateLimited, []string{"toomanyrequests", "too many requests", "rate limit"}},
		{ErrNoSpace, []string{"no space left on device", "disk quota exceeded"}},
		{ErrDenied, []string{"unauthorized", "access denied", "access to the resource is denied", "no basic auth credentials", "authentication required", "403 forbidden", "denied:", "authorization failed"}},
		{ErrNotFound, []string{"manifest unknown", "no matching manifest", "not found", "no such image", "name unknown", "repository name not known", "does not provide the specified platform", "operating system is not supported"}},
		{ErrUnreachable, []string{"no such host", "connection refused", "i/o timeout", "network is unreachable", "no route to host", "tls handshake timeout", "request canceled while waiting for connection", "server misbehaving", "connection reset by peer", "certificate", "http response to https client", "dial tcp", "proxyconnect", "temporary failure in name resolution", "unexpected eof"}},
	} {
		for _, sign := range is.signs {
			if strings.Contains(words, sign) {
				return &answer{kind: is.kind, words: err.Error(), cause: err}
			}
		}
	}
	return err
}

// layerCount counts layers and bytes in what an engine says. Each message costs the same, however many layers there are.
type layerCount struct {
	doing  string // for people
	ref    string
	layers map[string]*pullLayer
	sum    Progress
	ended  bool // the engine said how it ended
}

type pullLayer struct {
	current, total int64
	done           bool
}

func newLayerCount(doing, ref string) *layerCount {
	return &layerCount{doing: doing, ref: ref, layers: map[string]*pullLayer{}}
}

// add says whether the message told of progress.
func (c *layerCount) add(m *jsonstream.Message) bool {
	if m.ID == "" || strings.HasPrefix(m.Status, "Pulling from") {
		c.ended = c.ended || strings.HasPrefix(m.Status, "Status: ")
		return false
	}
	l := c.layers[m.ID]
	if l == nil {
		l = &pullLayer{}
		c.layers[m.ID] = l
		c.sum.LayersTotal++
	}
	switch m.Status {
	case "Downloading", "Pushing":
		if m.Progress != nil {
			c.size(l, m.Progress.Current, max(m.Progress.Total, m.Progress.Current, l.total))
		}
	case "Download complete", "Verifying Checksum", "Extracting":
		c.size(l, l.total, l.total)
	case "Pull complete", "Already exists", "Pushed", "Layer already exists":
		c.size(l, l.total, l.total)
		if !l.done {
			l.done = true
			c.sum.LayersDone++
		}
	}
	return true
}

func (c *layerCount) size(l *pullLayer, current, total int64) {
	c.sum.BytesCurrent += current - l.current
	c.sum.BytesTotal += total - l.total
	l.current, l.total = current, total
}

func (c *layerCount) progress() Progress {
	p := c.sum
	p.Line = fmt.Sprintf("%s %s: %d of %d layers", c.doing, c.ref, p.LayersDone, p.LayersTotal)
	if p.BytesTotal > 0 {
		p.Line += fmt.Sprintf(", %s of %s", units.HumanSize(float64(p.BytesCurrent)), units.HumanSize(float64(p.BytesTotal)))
	}
	return p
}
