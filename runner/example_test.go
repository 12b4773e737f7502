package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"corecast/results"
	"corecast/runner"
)

// A job keeps its results in a journal. Its driver may be killed at any point:
// run again, the program goes on where it was.
func ExampleJobOptions_journal() {
	score := runner.NewFunc("score", func(_ context.Context, x int) (int, error) { return x * x, nil })
	inputs := []int{1, 2, 3}

	once := func() error {
		print, err := runner.Fingerprint(score, inputs)
		if err != nil {
			return err
		}
		path := filepath.Join(os.TempDir(), "score.journal")
		journal, _, err := results.OpenJournal(path, map[string]string{"inputs": print, "build": runner.BuildID()})
		if err != nil {
			return err
		}
		fmt.Println(journal.Kept(), "results were there")
		pool := runner.NewPool(runner.InProc(2))
		defer pool.Close()
		out, err := runner.Map(context.Background(), pool, score, inputs, runner.JobOptions{Journal: journal})
		if err != nil {
			return err
		}
		fmt.Println(out)
		if journal.Kept() == len(inputs) {
			return journal.Discard() // it is needed no more
		}
		return journal.Close()
	}
	for range 2 {
		if err := once(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 0 results were there
	// [1 4 9]
	// 3 results were there
	// [1 4 9]
}
