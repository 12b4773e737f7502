package storage

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/middlewares"
)

// Options are how the server is known to its clients. All are required.
type Options struct {
	// Folder is one of its own, which it makes, for bytes of objects and for
	// its socket. Its name must be short (unix(7)).
	Folder string
	// Region and keys are what signatures are made with.
	Region, AccessKey, SecretKey string
	// Bucket is the name of a bucket that is there from the start.
	Bucket string
}

// Server is a running server.
type Server struct {
	gateway   *s3api.S3ApiServer
	transport *http.Transport
	proxy     *httputil.ReverseProxy
	ended     chan error
	owner     aws.Credentials
	region    string
}

// maxRequests is far above what a thousand instances ask for together.
const maxRequests = 1 << 14

// Start starts the server, and returns when it takes requests.
func Start(o Options) (*Server, error) {
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, err
	}
	m, err := newMemory(o)
	if err != nil {
		return nil, err
	}
	listening := make(chan struct{})
	gateway, err := s3api.New(m, middlewares.RootUserConfig{Access: o.AccessKey, Secret: o.SecretKey}, o.Region,
		auth.NewIAMServiceSingle(auth.Account{Access: o.AccessKey, Secret: o.SecretKey, Role: auth.RoleAdmin}), nil, nil, nil, nil,
		s3api.WithConcurrencyLimiter(maxRequests, maxRequests), s3api.WithMpMaxParts(maxParts), s3api.WithQuiet(), s3api.WithKeepAlive(),
		s3api.WithSocketPerm(0o600), s3api.WithOnListen(func() { close(listening) }))
	if err != nil {
		return nil, fmt.Errorf("make the object store: %w", err)
	}
	socket := filepath.Join(o.Folder, "s3")
	s := &Server{gateway: gateway, ended: make(chan error, 1), owner: owner(o), region: o.Region}
	go func() { s.ended <- gateway.ServeMultiPort([]string{socket}) }()
	select {
	case <-listening:
	case err := <-s.ended:
		return nil, fmt.Errorf("start the object store: %w", err)
	}
	s.transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		MaxIdleConnsPerHost: 256, DisableCompression: true,
	}
	s.proxy = &httputil.ReverseProxy{Rewrite: rewrite, Transport: s.transport, ErrorHandler: failed}
	return s, s.answers()
}

// answers waits for an answer: from then on the server can be shut down, which
// does nothing when it comes between its listening and its serving.
func (s *Server) answers() error {
	r, err := http.NewRequest(http.MethodGet, "http://store/", nil)
	if err != nil {
		return err
	}
	answer, err := s.transport.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("start the object store: %w", err)
	}
	return answer.Body.Close()
}

// rewrite passes a request on as it is.
func rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.Host = "http", "store"
	r.Out.Host = r.In.Host // it is signed
}

func failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

// ServeHTTP answers a request to the store.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.proxy.ServeHTTP(w, r) }

// Close ends the server. Its folder is left for the caller to remove.
func (s *Server) Close() error {
	s.transport.CloseIdleConnections()
	err := s.gateway.ShutDown()
	<-s.ended // with an error that says that it was closed
	return err
}
