package storeexchange_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"corecast/runner"
	"corecast/runner/objstore"
	"corecast/runner/objstore/cos"
	"corecast/runner/objstore/storetest"
	"corecast/runner/storeexchange"
)

// onServer is a launcher over a server of object storage, as a driver uses it:
// by the SDK, and not eager. The workers have the slim client.
func onServer(t *testing.T, workers int, access objstore.Access, prefix string, leave bool) runner.Launcher {
	t.Helper()
	store, err := cos.New(access)
	if err != nil {
		t.Fatal(err)
	}
	p := newProcesses(workers)
	for name, value := range storeexchange.Secrets(access) {
		p.env = append(p.env, name+"="+value)
	}
	return storeexchange.New(p, store, storeexchange.Options{
		Spec:  storeexchange.Spec{Endpoint: access.Endpoint, Region: access.Region, Bucket: access.Bucket, Prefix: prefix},
		Leave: leave,
	})
}

type user interface{ StoreUsage() objstore.Usage }

// TestRequests holds that requests do not grow with tasks: every client, listing
// and deletion counted.
func TestRequests(t *testing.T) {
	access := storetest.Servers()[0].Start(t)
	for _, c := range []struct {
		tasks, most int
	}{{1000, 60}, {100_000, 150}} {
		for _, leave := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d tasks, leave %v", c.tasks, leave), func(t *testing.T) {
				l := onServer(t, 10, access, fmt.Sprintf("run-%d-%v", c.tasks, leave), leave)
				p := runner.NewPool(l)
				began := time.Now()
				if _, err := runner.Map(t.Context(), p, runner.Noop, make([]struct{}, c.tasks), runner.JobOptions{}); err != nil {
					t.Fatal(err)
				}
				took := time.Since(began)
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
				u := l.(user).StoreUsage()
				t.Logf("%d tasks on 10 workers: %v, %d requests: %+v", c.tasks, took, u.Requests(), u)
				if u.Requests() > int64(c.most) {
					t.Errorf("%d requests for %d tasks, over %d", u.Requests(), c.tasks, c.most)
				}
				if u.Reads < 20 || u.Writes < 11 || u.Lists < 2 || u.Deletes < 1 {
					t.Errorf("not all clients were counted: %+v", u)
				}
			})
		}
	}
}

// lag is a function that is slow in one process: that of the worker that makes a
// file first.
var lag = runner.NewFunc("lag", func(ctx context.Context, dir string) (int, error) {
	wait := 10 * time.Millisecond
	mark := filepath.Join(dir, "slow")
	if f, err := os.OpenFile(mark, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprint(f, os.Getpid())
		f.Close()
		wait = 500 * time.Millisecond
	} else if text, err := os.ReadFile(mark); err == nil && string(text) == fmt.Sprint(os.Getpid()) {
		wait = 500 * time.Millisecond
	}
	time.Sleep(wait)
	return 1, nil
})

// TestTakeOver has workers that are done take over tasks of one that is 50 times
// slower: alone, it would take 50 s.
func TestTakeOver(t *testing.T) {
	p := runner.NewPool(inDir(4, nil))
	defer p.Close()
	dir := t.TempDir()
	began := time.Now()
	got, err := runner.Map(t.Context(), p, lag, slices.Repeat([]string{dir}, 400), runner.JobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if sum := len(slices.DeleteFunc(got, func(n int) bool { return n != 1 })); sum != 400 {
		t.Errorf("%d of 400 tasks have a result", sum)
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("it took %v: nobody took over", took)
	}
}

// TestOnServers runs jobs over each server.
func TestOnServers(t *testing.T) {
	for _, server := range storetest.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			access := server.Start(t)
			p := runner.NewPool(onServer(t, 3, access, "run", false))
			defer p.Close()
			for range 2 { // on workers that are to come, and that are there
				in := make([]int, 100)
				for i := range in {
					in[i] = i
				}
				got, err := runner.Map(t.Context(), p, squareOf, in, runner.JobOptions{})
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range got {
					if v != i*i {
						t.Fatalf("the square of %d is %d", i, v)
					}
				}
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			store, err := cos.New(access)
			if err != nil {
				t.Fatal(err)
			}
			if left, err := store.List(t.Context(), "", ""); err != nil || len(left) > 0 {
				t.Errorf("objects are left: %v, %v", left, err)
			}
		})
	}
}

// squareOf is a function with an answer that shows whose it is.
var squareOf = runner.NewFunc("square-of", func(_ context.Context, x int) (int, error) { return x * x, nil })
