package work

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"corecast/runner/exchange"
)

// BuildID identifies the program that is running: the id that the Go linker
// put into it, which differs when anything that was compiled into it does.
// Driver and worker compare theirs.
var BuildID = sync.OnceValue(func() string {
	if id := fileID(); id != "" {
		return id
	}
	// The linker was told to leave it out.
	data, err := os.ReadFile(Executable())
	if err != nil {
		return "unknown " + runtime.Version()
	}
	return runtime.Version() + " " + strconv.Itoa(len(data)) + " " + strconv.FormatUint(exchange.Hash(data), 16)
})

// fileID finds the build id in the running program's file. By package os it
// would make Go's poller, which a worker that waits does without.
func fileID() string {
	fd, err := syscall.Open(Executable(), syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer syscall.Close(fd)
	// Go's linker writes an ELF note at the end of the first 4 KiB. So few bytes
	// are on the stack, which they do not make grow.
	var end [256]byte
	if n, err := syscall.Pread(fd, end[:], 4096-int64(len(end))); err == nil {
		if id := linkerID(end[:n]); id != "" {
			return id
		}
	}
	start := make([]byte, 64<<10) // other linkers and systems
	n, err := syscall.Pread(fd, start, 0)
	if err != nil {
		return ""
	}
	return linkerID(start[:n])
}

// linkerID finds the build id in a part of a program's file: the ELF note named
// Go, or "\xff Go build ID: \"...\"\n \xff". It is empty when it is not there.
func linkerID(data []byte) string {
	n := len(data)
	// An ELF note: name size 4, description size, type 4, "Go\0\0", then the id.
	if i := bytes.Index(data, []byte("\x04\x00\x00\x00Go\x00\x00")); i >= 8 {
		size := int(data[i-4]) | int(data[i-3])<<8
		if id := data[min(i+8, n):min(i+8+size, n)]; len(id) == size && size > 0 {
			return string(id)
		}
	}
	const prefix = "\xff Go build ID: \""
	if i := bytes.Index(data, []byte(prefix)); i >= 0 {
		id := data[i+len(prefix):]
		if j := bytes.IndexByte(id, '"'); j > 0 {
			return string(id[:j])
		}
	}
	return ""
}

// Executable returns the path of the running program, which a launcher starts
// again as a worker; on Linux one that holds when the file was replaced.
func Executable() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe"
	}
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}
