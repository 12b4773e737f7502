// Package machine tells what a measurement depends on besides the program: a
// fingerprint of the computer, and what else it was doing before and during a
// trial.
//
// It reads the files of /proc and /sys and keeps nothing. On systems other
// than Linux, and where a file cannot be read, fields stay unknown, in the way
// that package results documents. It stands between bench, which asks before
// and after trials, and results, whose types it fills.
package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"runtime"
	"runtime/debug"

	"corecast/internal/cgroup"
	"corecast/results"
)

// Fingerprint describes the computer that this process runs on.
func Fingerprint() results.Machine {
	m := fingerprint(root())
	m.Hostname = hostname()
	m.Commit, m.Modified = commit()
	return m
}

// root is the tree of files that everything is read from.
func root() fs.FS { return os.DirFS("/") }

// fingerprint reads what files tell, and falls back on the runtime.
func fingerprint(files fs.FS) results.Machine {
	cpu := readCPUInfo(files)
	groups := cgroup.Find(files)
	m := results.Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(),
		Kernel:      readLine(files, "proc/sys/kernel/osrelease"),
		Processor:   cpu.model,
		CoresOnline: onlineCores(files),
		CPUQuota:    groups.CPUQuota(),
		Memory:      memoryTotal(files),
		MemoryLimit: groups.MemoryLimit(),
		OpenFiles:   openFilesLimit(files),
		Hypervisor:  hypervisor(files, cpu),
	}
	if m.CoresOnline == 0 {
		m.CoresOnline = runtime.NumCPU()
	}
	m.Cores = usableCores(allowedCores(files), m.CPUQuota)
	m.ID = identify(m)
	return m
}

// usableCores is the number of allowed processors (the runtime's count where
// the system does not tell), or the quota rounded up where that is less.
func usableCores(allowed int, quota float64) int {
	if allowed == 0 {
		allowed = runtime.NumCPU()
	}
	if quota > 0 {
		return max(min(allowed, int(math.Ceil(quota))), 1)
	}
	return allowed
}

// memoryStep is how far two memory sizes are apart at least to count as
// different machines: what a kernel keeps for itself varies from one start to
// the next.
const memoryStep = 256 << 20

// identify returns the first 12 hexadecimal digits of a SHA-256 over the
// fields that decide whether two measurements are of like machines: all but
// commit, modified and host name, the memory rounded to memoryStep.
func identify(m results.Machine) string {
	m.ID, m.Hostname, m.Commit, m.Modified = "", "", "", false
	m.Memory = (m.Memory + memoryStep/2) / memoryStep
	// A struct of strings and numbers always has a JSON form: the quota is a
	// finite quotient.
	data, err := json.Marshal(m)
	if err != nil {
		panic("machine: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// hostname returns the host's name, empty when the system does not tell.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// commit returns the commit that the program was built from, and whether its
// tree had changes; empty for a program built without that.
func commit() (revision string, modified bool) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", false
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	return revision, modified
}
