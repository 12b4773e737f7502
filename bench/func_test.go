package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"corecast/runner"
)

var double = runner.NewFunc("test.double", func(_ context.Context, x int) (int, error) {
	if x < 0 {
		return 0, fmt.Errorf("%d is negative", x)
	}
	return 2 * x, nil
})

func TestFunc(t *testing.T) {
	inputs := []int{1, 2, 3, 4, 5, 6}
	for _, backend := range []string{"inproc", "local"} {
		dir := filepath.Join(t.TempDir(), "run")
		r, s, err := Func(t.Context(), double, inputs, FuncOptions{Cores: []int{1, 2}, Reps: 2, Backend: backend, Dir: dir, Price: "codeengine"})
		if err != nil {
			t.Fatal(err)
		}
		if len(s) != 1 || len(s[0].Points) != 2 || s[0].Workload != "test.double" || s[0].Serial == nil || s[0].Points[1].Cost == nil {
			t.Errorf("%s: summaries %+v", backend, s)
		}
		if r.Dir != dir || !r.Complete() {
			t.Errorf("%s: run %s, complete %v", backend, r.Dir, r.Complete())
		}
		checkTrials(t, r)
	}
}

func TestFuncFails(t *testing.T) {
	dir := t.TempDir()
	_, _, err := Func(t.Context(), double, []int{1, -2}, FuncOptions{Cores: []int{1}, Reps: 1, Backend: "inproc", Dir: filepath.Join(dir, "a")})
	var failed *runner.TasksError
	if !errors.As(err, &failed) || failed.Failed[0].Task != 1 {
		t.Errorf("error %v, want a TasksError of task 1", err)
	}
	for _, o := range []FuncOptions{{Backend: "moon"}, {Cores: []int{-1}}, {Reps: -1}, {Price: "gold"}} {
		_, _, err := Func(t.Context(), double, []int{1}, o)
		var input *InputError
		if !errors.As(err, &input) {
			t.Errorf("%+v: error %v, want an InputError", o, err)
		}
	}
}
