package engine

import (
	"errors"
	"sync"
)

// Pool keeps one client for each endpoint.
type Pool struct {
	dial func(endpoint string) (*Client, error)

	mu      sync.Mutex // guards clients
	clients map[string]*Client
}

// NewPool makes an empty pool that makes its clients with dial.
func NewPool(dial func(endpoint string) (*Client, error)) *Pool {
	return &Pool{dial: dial, clients: map[string]*Client{}}
}

// Get gives the client for endpoint. It belongs to the pool: the caller does not close it.
func (p *Pool) Get(endpoint string) (*Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.clients[endpoint]; ok {
		return c, nil
	}
	c, err := p.dial(endpoint)
	if err != nil {
		return nil, err
	}
	p.clients[endpoint] = c
	return c, nil
}

// Close closes all clients. The pool is empty then, and can be used again.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.clients {
		errs = append(errs, c.Close())
	}
	clear(p.clients)
	return errors.Join(errs...)
}
