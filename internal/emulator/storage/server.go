package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

// Options are how the server is known to its clients. All are required.
type Options struct {
	// Folder is an empty one, for objects, what is known of them, and the
	// server's socket.
	Folder string
	// Region and keys are what signatures are made with.
	Region, AccessKey, SecretKey string
	// Bucket is the name of a bucket that is there from the start.
	Bucket string
}

// Server is a running server. There can be one in a process.
type Server struct {
	o     Options
	proxy *httputil.ReverseProxy
	home  string // the folder that this process was in
	stop  context.CancelFunc
	ended chan struct{} // closed when it has ended, with err
	err   error
}

// maxRequests is far above what a thousand instances ask for together.
const maxRequests = 1 << 14

// Start starts the server, and returns when it takes requests. The process's
// working folder is another one until it is closed: what holds objects insists.
func Start(o Options) (*Server, error) {
	s := &Server{o: o, ended: make(chan struct{})}
	var err error
	if s.home, err = os.Getwd(); err != nil {
		return nil, err
	}
	objects, known := filepath.Join(o.Folder, "objects"), filepath.Join(o.Folder, "known")
	for _, dir := range []string{objects, known} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	opts := posix.PosixOpts{Concurrency: 64}
	store, err := posix.New(objects, meta.XattrMeta{}, opts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the folder of objects: %w", err), os.Chdir(s.home))
	}
	if err := makeBucket(store, o); err != nil {
		return nil, errors.Join(err, os.Chdir(s.home))
	}
	socket := filepath.Join(o.Folder, "s3")
	listening := make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() {
		defer close(s.ended)
		s.err = embedgw.RunVersityGW(ctx, store, &embedgw.Config{
			RootUserAccess: o.AccessKey, RootUserSecret: o.SecretKey, Region: o.Region,
			Ports: []string{socket}, SocketPerm: "0600",
			MaxConnections: maxRequests, MaxRequests: maxRequests, MultipartMaxParts: 10_000,
			Quiet: true, KeepAlive: true,
			S3Options: []s3api.Option{s3api.WithOnListen(func() { close(listening) })},
		})
	}()
	select {
	case <-listening:
	case <-s.ended:
		return nil, errors.Join(fmt.Errorf("start the object store: %w", s.err), os.Chdir(s.home))
	}
	s.proxy = proxy(socket)
	return s, nil
}

// makeBucket makes the first bucket, owned by who has the keys.
func makeBucket(store backend.Backend, o Options) error {
	acl, err := json.Marshal(auth.ACL{Owner: o.AccessKey})
	if err != nil {
		return err
	}
	err = store.CreateBucket(context.Background(), &s3.CreateBucketInput{
		Bucket: &o.Bucket, CreateBucketConfiguration: &types.CreateBucketConfiguration{},
	}, acl)
	if err != nil {
		return fmt.Errorf("make the bucket %s: %w", o.Bucket, err)
	}
	return nil
}

// ServeHTTP answers a request to the store.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.proxy.ServeHTTP(w, r) }

// Close ends the server and goes back to the folder that the process was in.
func (s *Server) Close() error {
	s.stop()
	<-s.ended
	return errors.Join(s.err, os.Chdir(s.home))
}

// proxy passes requests on to a server on a socket, as they are.
func proxy(socket string) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "store"
			r.Out.Host = r.In.Host // it is signed
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
			MaxIdleConnsPerHost: 256, DisableCompression: true,
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
			}
		},
	}
}
