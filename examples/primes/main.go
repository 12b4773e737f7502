// Command primes counts prime numbers below a limit on several cores, and
// measures how that scales.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"corecast/bench"
	"corecast/report"
	"corecast/runner"
	"corecast/runner/local"
)

// span is the input of one task.
type span struct{ From, To int }

// count is the function to fan out.
var count = runner.NewFunc("count-primes", func(_ context.Context, s span) (int, error) {
	n := 0
	for x := max(s.From, 2); x < s.To; x++ {
		prime := true
		for d := 2; d*d <= x && prime; d++ {
			prime = x%d != 0
		}
		if prime {
			n++
		}
	}
	return n, nil
})

func main() {
	runner.Main(count) // a worker process never gets past this line
	ctx := context.Background()

	var spans []span
	for from := 0; from < 1_000_000; from += 10_000 {
		spans = append(spans, span{from, from + 10_000})
	}

	// The loop over spans, on two worker processes.
	pool := runner.NewPool(local.New(2, local.Options{}))
	defer pool.Close()
	total, err := runner.MapReduce(ctx, pool, count, spans, 0, func(a, b int) int { return a + b }, runner.JobOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("primes below a million:", total)

	// The same, measured at 1 to all cores.
	run, summaries, err := bench.Func(ctx, count, spans, bench.FuncOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if err := report.WriteTable(os.Stdout, summaries, report.TableOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("\nrecord:", run.Dir)
}
