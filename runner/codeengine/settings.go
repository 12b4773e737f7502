// Package codeengine is the backend of IBM Cloud Code Engine: each worker is an
// instance of a job run, and tasks travel over an object store (package
// storeexchange), since instances accept no connections.
//
//	settings.go  what a user says: project, image, sizes, and what opens both
//	size.go      which combinations of vCPU and memory there are
//	client.go    the service by IBM's SDK: project, and errors in words
//	platform.go  job, secret, config maps and runs; what becomes of instances
//	clean.go     what a driver that was killed has left
//
// Everything that is made carries the run's id in its name.
package codeengine

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"corecast/runner"
	"corecast/runner/objstore"
	"corecast/runner/objstore/cos"
	"corecast/runner/storeexchange"
)

// Settings are what the backend needs to know. What is secret in them is never
// printed.
type Settings struct {
	// APIKey is the IAM key; URL and AuthURL are the services' addresses, empty:
	// those of IBM in Region.
	APIKey, URL, AuthURL, Region string
	// Project is a project's name or id.
	Project string
	// Image is what instances run: a program of the same build as the driver.
	// ImageSecret names the secret that its registry asks for.
	Image, ImageSecret string
	// Command is started in the image; empty: its entry point.
	Command []string
	// Store is the bucket. With neither keys nor an IAM key of its own it is
	// opened by APIKey.
	Store objstore.Access
	// Quota is how many instances the project runs at a time; 0: as many as by
	// default. Where there are more workers, one that is done ends, so that
	// another can begin.
	Quota int
	// MaxTime ends an instance after that time; 0: the service's own limit.
	MaxTime time.Duration
	// Emulated is set when all this is not the service itself.
	Emulated bool
}

// Options are those of one pool.
type Options struct {
	// VCPU and Memory (bytes) are what each instance gets; 0: 1 vCPU, and the
	// least memory that goes with it.
	VCPU   float64
	Memory int64
	// Run is in the names of all that is made.
	Run string
	// Leave has instances end when they are done with their shares.
	Leave bool
	// Env are variables, as NAME=value, that workers get.
	Env []string
	// Poll is how often the service is asked at first what became of instances;
	// 0: each second.
	Poll time.Duration
	// Warn takes what the user should know beforehand; nil: nobody wants to.
	Warn func(string)
}

// check fills in what can be, and says what is missing.
func (s *Settings) check() error {
	if s.Region == "" {
		s.Region = "us-south"
	}
	if s.URL == "" {
		s.URL = "https://api." + s.Region + ".codeengine.cloud.ibm.com/v2"
	}
	if s.AuthURL == "" {
		s.AuthURL = objstore.DefaultAuthURL
	}
	if s.Store.Region == "" {
		s.Store.Region = s.Region
	}
	if s.Store.Endpoint == "" {
		s.Store.Endpoint = "https://s3." + s.Region + ".cloud-object-storage.appdomain.cloud"
	}
	if s.Store.AccessKey == "" && s.Store.APIKey == "" {
		s.Store.APIKey = s.APIKey
	}
	s.Store.AuthURL = s.AuthURL
	switch {
	case s.APIKey == "":
		return errors.New("codeengine needs an IAM key: set CODE_ENGINE_APIKEY, or api_key in the config file")
	case s.Project == "":
		return errors.New("codeengine needs a project: set CORECAST_PROJECT to its name or id, or project in the config file")
	case s.Image == "":
		return errors.New("codeengine needs an image: set CORECAST_IMAGE, or image in the config file; corecast image build makes one")
	case s.Store.Bucket == "":
		return errors.New("codeengine needs a bucket: set CORECAST_BUCKET, or bucket in the config file")
	}
	return s.Store.Check()
}

// Check says what of the settings and options cannot be had, without asking the
// service.
func Check(s Settings, o Options) error {
	if err := s.check(); err != nil {
		return err
	}
	_, err := sizeOf(o.VCPU, o.Memory)
	return err
}

// CheckSize says whether there are instances of the options' size.
func CheckSize(o Options) error {
	_, err := sizeOf(o.VCPU, o.Memory)
	return err
}

// MemoryOf is what an instance of the options has, in bytes; 0: there is none.
func MemoryOf(o Options) int64 {
	s, err := sizeOf(o.VCPU, o.Memory)
	if err != nil {
		return 0
	}
	return int64(s.gb * 1e9)
}

// New makes the backend with a number of workers. It asks nothing of the
// service until workers are needed; what is wrong is then the reason for which
// they do not start.
func New(workers int, s Settings, o Options) runner.Launcher {
	p, store, err := newPlatform(workers, s, o)
	if err != nil {
		return broken{workers, o.VCPU, err}
	}
	return &launcher{storeexchange.New(p, store, storeexchange.Options{
		Leave: o.Leave || workers > p.quota(),
		Spec: storeexchange.Spec{
			Endpoint: p.settings.Store.Endpoint, Region: p.settings.Store.Region, Bucket: p.settings.Store.Bucket,
			AuthURL: p.settings.Store.AuthURL, Prefix: prefix(o.Run), Poll: o.Poll,
		},
	}), p}
}

// launcher adds what the platform reports.
type launcher struct {
	storeexchange.Launcher
	platform *platform
}

func (l *launcher) Report(slot, generation int) runner.Report {
	return l.platform.report(slot, generation)
}

func newPlatform(workers int, s Settings, o Options) (*platform, *cos.Store, error) {
	if err := s.check(); err != nil {
		return nil, nil, err
	}
	size, err := sizeOf(o.VCPU, o.Memory)
	if err != nil {
		return nil, nil, err
	}
	if o.Run == "" || strings.Trim(o.Run, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(o.Run) > 36 {
		return nil, nil, fmt.Errorf("%q cannot be in the names of jobs: lower-case letters, digits and hyphens, 36 at most", o.Run)
	}
	store, err := cos.New(s.Store)
	if err != nil {
		return nil, nil, err
	}
	c, err := newClient(s)
	if err != nil {
		return nil, nil, err
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	return &platform{workers: workers, settings: s, options: o, size: size, client: c, seen: make(map[string]*instance)}, store, nil
}

// prefix begins the keys of a run's objects.
func prefix(run string) string { return "corecast/" + run }
