package enginetest

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Fault is what goes wrong with the calls of some paths. What is not set goes right.
type Fault struct {
	// Path matches the paths, which are without the version before them.
	Path *regexp.Regexp
	// Until holds the calls up until it is closed or the client gives up.
	Until <-chan struct{}
	// Delay is how long each call takes at least.
	Delay time.Duration
	// Status is answered instead of asking the engine, with a message as engines have it.
	Status int
	// Type is the content type that is said.
	Type string
	// Edit changes the engine's answer.
	Edit func([]byte) []byte
	// Break ends the connection after the answer, in the middle of what was promised.
	Break bool
}

// Inject has calls go wrong until heal. Of several faults for one path the first counts.
func (p *Proxy) Inject(f Fault) (heal func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.faults = slices.DeleteFunc(p.faults, func(other *Fault) bool { return other == &f })
	}
}

// DropEvents loses a share of the events, chosen by seed, without a word, until Heal.
func (p *Proxy) DropEvents(share float64, seed uint64) {
	dice := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same seed is to make the same choice
	var one sync.Mutex                        // for dice
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop = func() bool {
		one.Lock()
		defer one.Unlock()
		return dice.Float64() < share
	}
}

// Heal ends all that Inject and DropEvents began.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.drop = nil, nil
}

var version = regexp.MustCompile(`^/v[0-9.]+/`)

func (p *Proxy) serveHTTP(w http.ResponseWriter, r *http.Request) {
	path := version.ReplaceAllString(r.URL.Path, "/")
	switch f := p.faultOf(path); {
	case f != nil:
		p.fail(w, r, f)
	case path == "/events":
		p.follow(w, r)
	default:
		p.engine.ServeHTTP(w, r)
	}
}

// faultOf counts a call and gives what goes wrong with it.
func (p *Proxy) faultOf(path string) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[path]++
	for _, f := range p.faults {
		if f.Path.MatchString(path) {
			return f
		}
	}
	return nil
}

func (p *Proxy) fail(w http.ResponseWriter, r *http.Request, f *Fault) {
	if f.Until != nil {
		select {
		case <-f.Until:
		case <-r.Context().Done():
			return
		}
	}
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			return
		}
	}
	if f.Status != 0 {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(`{"message":"a fault that a test has made"}`))
		return
	}
	answer := httptest.NewRecorder()
	p.engine.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	if f.Edit != nil {
		body = f.Edit(body)
	}
	maps.Copy(w.Header(), answer.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if f.Type != "" {
		w.Header().Set("Content-Type", f.Type)
	}
	if f.Break {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body)
	if f.Break {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// follow passes a stream of events on until it ends or is cut.
func (p *Proxy) follow(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	s := &eventStream{ResponseWriter: w, proxy: p, end: cancel}
	p.mu.Lock()
	p.streams[s] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.streams, s)
		p.mu.Unlock()
	}()
	p.engine.ServeHTTP(s, r.WithContext(ctx))
	if ctx.Err() != nil {
		panic(http.ErrAbortHandler) // a mere return would end the stream in good order
	}
}

// eventStream loses what is to be lost of a stream, one event a line.
type eventStream struct {
	http.ResponseWriter
	proxy *Proxy
	end   context.CancelFunc

	mu   sync.Mutex // guards part
	part []byte     // of an event whose end has not come yet
}

// Unwrap is how net/http finds the connection's other abilities, such as Flush.
func (s *eventStream) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Write passes whole events on.
func (s *eventStream) Write(b []byte) (int, error) {
	s.proxy.mu.Lock()
	drop := s.proxy.drop
	s.proxy.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if drop == nil && len(s.part) == 0 {
		return s.ResponseWriter.Write(b)
	}
	s.part = append(s.part, b...)
	for {
		end := bytes.IndexByte(s.part, '\n')
		if end < 0 {
			return len(b), nil
		}
		event := s.part[:end+1]
		s.part = s.part[end+1:]
		if drop != nil && drop() {
			continue
		}
		if _, err := s.ResponseWriter.Write(event); err != nil {
			return 0, err
		}
	}
}
