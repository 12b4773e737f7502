package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"corecast/results"
	"corecast/runner"
	"corecast/runner/trace"
)

// driverEnv starts this program as the driver of one large job: its value is
// "tasks workers folder".
const driverEnv = "CORECAST_PEERS_DRIVER"

// large is how many tasks the large job has: ten times those in process.
func large(s settings) int { return 10 * s.tasks }

// driven is what the driver of a large job tells about it.
type driven struct {
	Wall time.Duration `json:"wall_ns"`
	// Peak is the most memory that the driver had, in bytes.
	Peak float64 `json:"peak_bytes"`
}

// openLarge opens a peer that runs a large job under a driver of its own, with
// its trace streamed to a record on disk: what the driver takes in memory, and
// the record on disk, are of interest. Inputs and results have no size, so
// that what is seen is the runner's.
func openLarge(_ context.Context, s settings) (*ready, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	var peak, disk *float64
	run := func(ctx context.Context, n int) (time.Duration, error) {
		peak, disk = nil, nil
		dir, err := os.MkdirTemp("", "corecast-peers-")
		if err != nil {
			return 0, fmt.Errorf("make a folder for the record: %w", err)
		}
		defer os.RemoveAll(dir)
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s", driverEnv, n, s.workers, dir))
		var out, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &stderr, endWait
		ownGroup(cmd)
		cmd.Cancel = func() error { return killGroup(cmd) }
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("run a driver of %d tasks: %w (%s)", n, err, lastLine(stderr.String()))
		}
		var d driven
		if err := json.Unmarshal(out.Bytes(), &d); err != nil {
			return 0, fmt.Errorf("read what the driver says: %w", err)
		}
		size, err := sizeOf(filepath.Join(dir, "run"))
		peak, disk = &d.Peak, &size
		return d.Wall, err
	}
	return &ready{run: run, memory: func() *float64 { return peak }, disk: func() *float64 { return disk }}, nil
}

// sizeOf adds up the files of a folder.
func sizeOf(dir string) (float64, error) {
	var sum float64
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		info, e := e.Info()
		if e != nil {
			return 0, e
		}
		sum += float64(info.Size())
	}
	return sum, err
}

// driverMain drives a large job and ends the process when this process was
// started for that; otherwise it returns at once.
func driverMain() {
	said, ok := os.LookupEnv(driverEnv)
	if !ok {
		return
	}
	os.Unsetenv(driverEnv)
	err := drive(said)
	if err != nil {
		fmt.Fprintln(os.Stderr, "driver:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func drive(said string) error {
	var tasks, workers int
	var dir string
	if _, err := fmt.Sscanf(said, "%d %d %s", &tasks, &workers, &dir); err != nil {
		return fmt.Errorf("read %s=%q: %w", driverEnv, said, err)
	}
	now := time.Now().UTC()
	w, err := results.Create(filepath.Join(dir, "run"), results.Header{ID: results.NewID(now), Created: now, Version: "peers", Plan: json.RawMessage("{}")})
	if err != nil {
		return err
	}
	ctx := context.Background()
	pool := runner.NewPool(processes(workers))
	err = pool.Warm(ctx)
	var d driven
	if err == nil {
		var rest *trace.Trace
		began := time.Now()
		o := runner.JobOptions{Trace: func(t *trace.Trace) { rest = t }, Spill: w}
		_, err = runner.Map(ctx, pool, newTasks().nothing, make([]struct{}, tasks), o)
		if err == nil {
			trial := results.Trial{Role: results.RoleTrial, Kind: results.Measured, Started: now, Tasks: tasks, Slots: workers, VCPU: 1, Makespan: rest.Makespan}
			err = w.Trial(trial, rest)
		}
		d.Wall = time.Since(began)
	}
	err = errors.Join(err, pool.Close(), w.Close())
	if err == nil {
		d.Peak, err = peakMemory()
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(d)
}

// peakMemory returns the most memory that this process has had, in bytes.
func peakMemory() (float64, error) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("read this process's memory: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kib * 1024, err
		}
	}
	return 0, errors.New("read this process's memory: no field VmHWM")
}
