package storetest

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"

	"corecast/runner/objstore"
)

// Bucket is the name of the servers' bucket.
const Bucket = "corecast-test"

// Server is a kind of S3 server that the suite runs against.
type Server struct {
	Name string
	// Start starts one for a test, with an empty bucket.
	Start func(t *testing.T) objstore.Access
	// Signs is set when it checks signatures, Conditional when it holds to
	// If-None-Match.
	Signs, Conditional bool
	// Torn is set when one who reads an object while it is written over may get
	// a part of it.
	Torn bool
}

// Servers lists them.
func Servers() []Server {
	return []Server{
		{Name: "versitygw", Start: versity, Signs: true, Conditional: true},
		{Name: "gofakes3", Start: fake, Conditional: true},
		{Name: "s3rver", Start: node, Torn: true},
	}
}

func access(endpoint, key, secret string) objstore.Access {
	return objstore.Access{Endpoint: endpoint, Region: "us-east-1", Bucket: Bucket, AccessKey: key, SecretKey: secret}
}

// freePort asks the kernel for a port: the servers cannot tell which they took.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// up waits until somebody listens.
func up(t *testing.T, address string, ended <-chan error) {
	t.Helper()
	for range 3000 {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case err := <-ended:
			t.Fatalf("the server has ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("nobody listens on %s after 30 s", address)
}

// Versity starts the embedded server that checks signatures.
func versity(t *testing.T) objstore.Access {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, Bucket), 0o755); err != nil {
		t.Fatal(err)
	}
	be, err := posix.New(root, meta.XattrMeta{}, posix.PosixOpts{})
	if err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + freePort(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- embedgw.RunVersityGW(ctx, be, &embedgw.Config{RootUserAccess: "test", RootUserSecret: "test-secret", Region: "us-east-1",
			Ports: []string{address}, MaxConnections: 4096, MaxRequests: 4096, MultipartMaxParts: 10000, Quiet: true, KeepAlive: true})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	up(t, address, ended)
	return access("http://"+address, "test", "test-secret")
}

// fake starts a server in memory.
func fake(t *testing.T) objstore.Access {
	t.Helper()
	back := s3mem.New()
	if err := back.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(back).Server())
	t.Cleanup(s.Close)
	return access(s.URL, "any", "thing")
}

// node starts s3rver, a process of Node.
func node(t *testing.T) objstore.Access {
	t.Helper()
	program, err := exec.LookPath("s3rver")
	if err != nil {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatal("s3rver is not installed: .ci/install installs it")
		}
		t.Skip("s3rver is not installed: .ci/install installs it")
	}
	port := freePort(t)
	cmd := exec.Command(program, "-d", t.TempDir(), "-a", "127.0.0.1", "-p", port, "-s", "--no-vhost-buckets", "--configure-bucket", Bucket)
	cmd.Dir = t.TempDir()                                                    // versitygw changes the working directory to what it serves, and that may be gone
	cmd.Env = append(os.Environ(), "NODE_OPTIONS=--openssl-legacy-provider") // its tokens of pages are ciphered by DES
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	up(t, "127.0.0.1:"+port, ended)
	return access(fmt.Sprintf("http://127.0.0.1:%s", port), "S3RVER", "S3RVER")
}
