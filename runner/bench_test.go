package runner_test

import (
	"context"
	"os"
	"testing"

	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/runnertest"
)

var nothing = runner.NewFunc("nothing", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })

func TestMain(m *testing.M) {
	runner.Main(append(runnertest.Funcs(), nothing, odd, goexit, wait)...)
	runnertest.Drive(inProc)
	os.Exit(m.Run())
}

// BenchmarkDispatch is wall time over no-op tasks on a ready pool.
func BenchmarkDispatch(b *testing.B) {
	for name, backend := range map[string]runner.Launcher{"inproc": runner.InProc(2), "local": local.New(2, local.Options{})} {
		for chunking, o := range map[string]runner.JobOptions{"adaptive": {}, "chunk=1": {Chunk: 1}} {
			b.Run(name+"/"+chunking, func(b *testing.B) {
				p := runner.NewPool(backend)
				if err := p.Warm(b.Context()); err != nil {
					b.Fatal(err)
				}
				in := make([]struct{}, b.N)
				b.ReportAllocs()
				b.ResetTimer()
				if _, err := runner.Map(b.Context(), p, nothing, in, o); err != nil {
					b.Fatal(err)
				}
			})
		}
		backend.Close()
	}
}
