package emulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"corecast/internal/emulator/image"
	"corecast/internal/emulator/instance"
	"corecast/internal/emulator/storage"
)

// Emulator is a running one.
type Emulator struct {
	// URL is its address, without a path: S3's endpoint, and that of tokens.
	URL string
	// APIURL is the base of the Code Engine API.
	APIURL string
	// APIKey, AccessKey and SecretKey are what clients identify themselves by.
	APIKey, AccessKey, SecretKey string
	Region, Bucket               string
	// Project is the name of the project that was there at the start,
	// ProjectID its id.
	Project, ProjectID string
	// Warnings are what it could not do as asked for, with advice.
	Warnings []string

	folder   string
	server   *http.Server
	served   chan error
	store    *storage.Server
	pool     *instance.Pool
	requests counts
	cancel   context.CancelFunc

	once   sync.Once
	closed error // of the first Close
}

// Start starts an emulator, which answers when it returns, until ctx ends or
// it is closed; Close must be called in either case.
func Start(ctx context.Context, o Options) (*Emulator, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	e := &Emulator{APIKey: o.APIKey, AccessKey: random(10), SecretKey: random(20), Region: o.Region, Bucket: o.Bucket, Project: o.Project, served: make(chan error, 1)}
	ctx, e.cancel = context.WithCancel(ctx)
	if err := e.start(ctx, o); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Emulator) start(ctx context.Context, o Options) (err error) {
	if e.folder, err = os.MkdirTemp("", "corecast-emulate-"); err != nil {
		return err
	}
	images, err := image.New(filepath.Join(e.folder, "images"), o.Images, o.Maps)
	if err != nil {
		return err
	}
	var warning error
	e.pool, warning = instance.NewPool(instance.Options{
		Quota: *o.Quota, Provisioning: o.Provisioning, HoldCPU: !o.Unheld, HoldMemory: !o.Unheld,
		Killed: o.Faults.Killed, Seed: o.Seed, Output: o.Output, Log: o.Log,
	})
	if warning != nil {
		e.Warnings = append(e.Warnings, warning.Error())
	}
	e.store, err = storage.Start(storage.Options{
		Folder: filepath.Join(e.folder, "store"), Region: o.Region, AccessKey: e.AccessKey, SecretKey: e.SecretKey, Bucket: o.Bucket,
	})
	if err != nil {
		return err
	}
	return e.listen(ctx, o, images)
}

// listen has the services answer.
func (e *Emulator) listen(ctx context.Context, o Options, images *image.Registry) error {
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	e.URL = "http://" + l.Addr().String()
	e.APIURL = e.URL + "/v2"
	clock := func() time.Time { return time.Now().Add(o.ClockAhead) }
	tokens := newTokens(o.APIKey, o.TokenLife, clock)
	api := newAPI(ctx, &o, e.URL, tokens, images, e.pool)
	e.ProjectID = api.first
	e.server = &http.Server{Handler: &front{
		requests: &e.requests, faults: newChance(o.Faults, o.Seed), clock: clock,
		tokens: tokens, api: api, store: e.store, status: e.statusPage(),
	}, ReadHeaderTimeout: time.Minute}
	go func() { e.served <- e.server.Serve(l) }()
	return nil
}

// Close ends the emulator: it kills what runs, and removes what it made. It may
// be called again.
func (e *Emulator) Close() error {
	e.once.Do(func() { e.closed = e.close() })
	return e.closed
}

func (e *Emulator) close() error {
	var errs []error
	e.cancel()
	if e.pool != nil {
		errs = append(errs, e.pool.Close())
	}
	if e.server != nil {
		errs = append(errs, e.server.Close())
		if err := <-e.served; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, fmt.Errorf("serve: %w", err))
		}
	}
	if e.store != nil {
		errs = append(errs, e.store.Close())
	}
	if e.folder != "" {
		errs = append(errs, os.RemoveAll(e.folder))
	}
	return errors.Join(errs...)
}

// Held says what the kernel holds instances to: cpu, memory, both or none.
func (e *Emulator) Held() []string { return e.pool.Held() }

// Instances returns what became of all instances that have ended, and the
// first error of writing their log.
func (e *Emulator) Instances() ([]instance.Record, error) { return e.pool.Records() }

// Requests returns how many requests there were so far.
func (e *Emulator) Requests() Requests { return e.requests.read() }

// Variable is one of an environment.
type Variable struct{ Name, Value string }

// Env is the environment of clients: of IBM's SDKs, of other clients of S3,
// and of corecast.
func (e *Emulator) Env() []Variable {
	return []Variable{
		{"CODE_ENGINE_URL", e.APIURL},
		{"CODE_ENGINE_AUTH_TYPE", "iam"},
		{"CODE_ENGINE_APIKEY", e.APIKey},
		{"CODE_ENGINE_AUTH_URL", e.URL},
		{"AWS_ENDPOINT_URL_S3", e.URL},
		{"AWS_ACCESS_KEY_ID", e.AccessKey},
		{"AWS_SECRET_ACCESS_KEY", e.SecretKey},
		{"AWS_REGION", e.Region},
		{"CORECAST_REGION", e.Region},
		{"CORECAST_PROJECT", e.Project},
		{"CORECAST_BUCKET", e.Bucket},
		{"CORECAST_COS_ENDPOINT", e.URL},
		{"CORECAST_COS_ACCESS_KEY_ID", e.AccessKey},
		{"CORECAST_COS_SECRET_ACCESS_KEY", e.SecretKey},
		{"CORECAST_EMULATED", "1"},
	}
}

// random returns so many random bytes, in hexadecimal.
func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
