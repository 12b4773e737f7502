package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// memoryAfter is how long processes are left alone before their memory is
// read.
const memoryAfter = 300 * time.Millisecond

// proportionalSize adds up the proportional set sizes of processes, in bytes:
// what some of them share is counted once. errors.ErrUnsupported is returned
// where the system does not tell.
func proportionalSize(ids []int) (float64, error) {
	const file = "smaps_rollup"
	if _, err := os.Stat("/proc/self/" + file); err != nil {
		return 0, errors.ErrUnsupported
	}
	var sum float64
	for _, id := range ids {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(id) + "/" + file)
		if err == nil {
			var kib float64
			kib, err = pss(data)
			sum += kib * 1024
		}
		if err != nil {
			return 0, fmt.Errorf("read the memory of process %d: %w", id, err)
		}
	}
	return sum, nil
}

// pss returns the field Pss of a smaps_rollup, in KiB.
func pss(rollup []byte) (float64, error) {
	lines := bufio.NewScanner(bytes.NewReader(rollup))
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
			return strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		}
	}
	return 0, errors.New("it has no field Pss")
}
