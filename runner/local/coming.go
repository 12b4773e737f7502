package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"corecast/runner"
)

// coming is a worker process that comes to its driver by a transport. It may
// end before, so it is waited for from its start.
type coming struct {
	accept func(context.Context) (io.ReadWriteCloser, error)
	ctx    context.Context // of accept: ends with the process
	cancel context.CancelCauseFunc

	ended chan struct{} // closed when the process has been waited for, with err
	err   error

	mu     sync.Mutex
	here   bool // it has come
	hungUp bool // before it came
}

// connect makes the worker's way to its driver: the environment says where it
// is.
func (p *process) connect(t Transport) (env []string, err error) {
	if t == nil {
		ours, theirs, err := socketPair()
		if err != nil {
			return nil, fmt.Errorf("make a socket to a worker: %w", err)
		}
		p.conn, p.cmd.ExtraFiles = p.wrapped(ours), []*os.File{theirs} // descriptor 3
		return []string{runner.WorkerEnv + "=3"}, nil
	}
	c := &coming{ended: make(chan struct{})}
	if env, c.accept, err = t.InviteOne(); err != nil {
		return nil, err
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	p.coming = c
	return env, nil
}

// abort undoes connect for a process that did not start.
func (p *process) abort() {
	if p.coming == nil {
		p.conn.Close()
		return
	}
	p.coming.cancel(nil)
	p.coming.accept(p.coming.ctx) // gives the invitation back
}

// watch waits for a process that is to come.
func (p *process) watch() {
	c := p.coming
	if c == nil {
		return
	}
	go func() {
		c.err = p.cmd.Wait()
		close(c.ended)
		c.cancel(errors.New("its process ended"))
	}()
}

// ended waits for the end of the process.
func (p *process) ended() error {
	if p.coming == nil {
		return p.cmd.Wait()
	}
	<-p.coming.ended
	return p.coming.err
}

// stream returns the worker's stream, when it has come.
func (p *process) stream() (io.ReadWriteCloser, error) {
	c := p.coming
	if c == nil {
		return p.conn, nil
	}
	conn, err := c.accept(c.ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p.conn, c.here = p.wrapped(conn), true
	if c.hungUp {
		p.conn.Close()
	}
	return p.conn, nil
}

func (p *process) wrapped(conn io.ReadWriteCloser) io.ReadWriteCloser {
	if p.wrap == nil {
		return conn
	}
	return p.wrap(conn)
}

// hangUp stops the waiting for the worker; true when it has come.
func (c *coming) hangUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.here {
		c.hungUp = true
		c.cancel(errors.New("the pool was closed"))
	}
	return c.here
}

// over reports whether the process has been waited for: its number may be
// another's.
func (c *coming) over() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
