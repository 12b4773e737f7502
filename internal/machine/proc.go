package machine

import (
	"bufio"
	"io/fs"
	"math"
	"strconv"
	"strings"
)

// readLine returns a file's text without spaces around it, empty when it
// cannot be read.
func readLine(files fs.FS, name string) string {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return ""
	}
	return strings.Trim(string(data), " \t\r\n\x00")
}

// keyValue is a line "name: value" of a file.
type keyValue struct{ key, value string }

// readPairs returns the lines of a file that have the separator.
func readPairs(files fs.FS, name, separator string) []keyValue {
	f, err := files.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	var pairs []keyValue
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), separator); ok {
			pairs = append(pairs, keyValue{strings.TrimSpace(key), strings.TrimSpace(value)})
		}
	}
	return pairs
}

// lookup returns the first value of a key, empty when there is none.
func lookup(pairs []keyValue, key string) string {
	for _, p := range pairs {
		if p.key == key {
			return p.value
		}
	}
	return ""
}

// cpuInfo is what /proc/cpuinfo tells.
type cpuInfo struct {
	model       string
	virtual     bool   // the processor says that it is a virtual machine's
	virtualName string // where the file names the hypervisor
}

// readCPUInfo reads the first processor's entry: "model name" on x86 and
// others, "cpu" on POWER, implementer and part numbers on ARM.
func readCPUInfo(files fs.FS) cpuInfo {
	pairs := readPairs(files, "proc/cpuinfo", ":")
	info := cpuInfo{virtualName: lookup(pairs, "Hypervisor vendor")}
	for _, flag := range strings.Fields(lookup(pairs, "flags")) {
		info.virtual = info.virtual || flag == "hypervisor"
	}
	for _, key := range []string{"model name", "Model Name", "cpu", "uarch"} {
		if info.model = lookup(pairs, key); info.model != "" {
			return info
		}
	}
	if maker := lookup(pairs, "CPU implementer"); maker != "" {
		info.model = "ARM implementer " + maker + " part " + lookup(pairs, "CPU part")
	}
	return info
}

// hypervisor names what the machine runs on: empty for a machine of its own
// (or one that does not tell), "unnamed" when only its presence is known.
func hypervisor(files fs.FS, cpu cpuInfo) string {
	named := []string{cpu.virtualName, readLine(files, "sys/hypervisor/type")}
	if cpu.virtual {
		vendor, product := readLine(files, "sys/class/dmi/id/sys_vendor"), readLine(files, "sys/class/dmi/id/product_name")
		named = append(named, strings.TrimSpace(vendor+" "+product), "unnamed")
	}
	for _, name := range named {
		if name != "" {
			return name
		}
	}
	return ""
}

// onlineCores counts the processors in /proc/stat; 0 when it cannot be read.
func onlineCores(files fs.FS) int {
	n := 0
	for _, p := range readPairs(files, "proc/stat", " ") {
		if number, ok := strings.CutPrefix(p.key, "cpu"); ok && number != "" {
			n++
		}
	}
	return n
}

// allowedCores counts the processors that this process may run on; 0 when the
// system does not tell.
func allowedCores(files fs.FS) int {
	return countList(lookup(readPairs(files, "proc/self/status", ":"), "Cpus_allowed_list"))
}

// countList counts the members of a list like 0-3,8; 0 when it is not one.
func countList(list string) int {
	n := 0
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		if err != nil {
			return 0
		}
		last := first
		if isRange {
			if last, err = strconv.Atoi(to); err != nil || last < first {
				return 0
			}
		}
		n += last - first + 1
	}
	return n
}

// memoryTotal returns the machine's memory in bytes; 0 when not known.
func memoryTotal(files fs.FS) int64 {
	text := strings.TrimSuffix(lookup(readPairs(files, "proc/meminfo", ":"), "MemTotal"), " kB")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// openFilesLimit returns the soft limit on open files of this process, the
// largest number for "unlimited", 0 when not known.
func openFilesLimit(files fs.FS) int64 {
	const name = "Max open files"
	for line := range strings.SplitSeq(readLine(files, "proc/self/limits"), "\n") {
		rest, ok := strings.CutPrefix(line, name)
		fields := strings.Fields(rest)
		if !ok || len(fields) == 0 {
			continue
		}
		if fields[0] == "unlimited" {
			return math.MaxInt64
		}
		if n, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
			return n
		}
	}
	return 0
}
