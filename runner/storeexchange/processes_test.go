package storeexchange_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"corecast/runner"
	"corecast/runner/objstore"
	"corecast/runner/runnertest"
	"corecast/runner/storeexchange"
)

// processes is a platform of processes on this machine.
type processes struct {
	workers int
	env     []string
	program string
	stderr  io.Writer

	mu   sync.Mutex
	live map[string]*exec.Cmd
	gone sync.WaitGroup
	quit bool
}

func newProcesses(workers int) *processes {
	return &processes{workers: workers, live: make(map[string]*exec.Cmd), stderr: os.Stderr}
}

func (p *processes) Name() string       { return "processes" }
func (p *processes) Workers() int       { return p.workers }
func (p *processes) VCPU() float64      { return 1 }
func (p *processes) MemoryLimit() int64 { return 0 }

func (p *processes) Start(_ context.Context, s storeexchange.Spec, ids []string, tell func(int, storeexchange.End)) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	for i, id := range ids {
		program := p.program
		if program == "" {
			program = runner.Executable()
		}
		cmd := exec.Command(program)
		cmd.Env = append(append(os.Environ(), p.env...), storeexchange.SpecEnv+"="+string(text), storeexchange.IndexEnv+"="+strconv.Itoa(i))
		cmd.Stderr = p.stderr
		dieWithDriver(cmd)
		p.mu.Lock()
		if p.quit {
			p.mu.Unlock()
			return context.Canceled
		}
		if err := cmd.Start(); err != nil {
			p.mu.Unlock()
			return &storeexchange.FatalError{Err: err}
		}
		p.live[id] = cmd
		p.gone.Add(1)
		p.mu.Unlock()
		go func() {
			defer p.gone.Done()
			err := cmd.Wait()
			p.mu.Lock()
			delete(p.live, id)
			p.mu.Unlock()
			e := storeexchange.End{Done: err == nil, Reason: "it ended"}
			if err != nil {
				e.Reason = err.Error()
				e.GaveUp = runner.ExitGaveUp(cmd.ProcessState.ExitCode())
				e.Unstarted = cmd.ProcessState.ExitCode() == storeexchange.ExitUnstarted
			}
			tell(i, e)
		}()
	}
	return nil
}

func (p *processes) Close() error {
	p.mu.Lock()
	p.quit = true
	for _, cmd := range p.live {
		cmd.Process.Kill()
	}
	p.mu.Unlock()
	p.gone.Wait()
	return nil
}

// inDir is a launcher over a directory.
func inDir(workers int, change func(*processes, *storeexchange.Options)) runner.Launcher {
	dir, err := os.MkdirTemp("", "corecast-store")
	if err != nil {
		panic(err)
	}
	store, err := objstore.NewDir(dir)
	if err != nil {
		panic(err)
	}
	p := newProcesses(workers)
	o := storeexchange.Options{Spec: storeexchange.Spec{Dir: dir, Prefix: "run", Poll: 20 * time.Millisecond}, Eager: true}
	if change != nil {
		change(p, &o)
	}
	return &inDirLauncher{storeexchange.New(p, store, o), dir}
}

type inDirLauncher struct {
	runner.Launcher
	dir string
}

func (l *inDirLauncher) Upfront() bool { return true }

func (l *inDirLauncher) Close() error {
	err := l.Launcher.Close()
	if e := os.Remove(l.dir); err == nil && e != nil { // nothing is left in it
		err = fmt.Errorf("objects are left: %w", e)
	}
	return err
}

var backend = runnertest.Backend{
	New: func(workers int) runner.Launcher { return inDir(workers, nil) },
	Has: runnertest.Wire, Upfront: true,
}

func TestMain(m *testing.M) {
	storeexchange.Main(append(runnertest.Funcs(), lag, squareOf)...)
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) { runnertest.Run(t, backend) }
