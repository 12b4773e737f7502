package runner

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// BuildID identifies the program that is running: the id that the Go linker
// put into it, which differs when anything that was compiled into it does.
// Driver and worker compare theirs.
var BuildID = sync.OnceValue(func() string {
	if id := linkerID(); id != "" {
		return id
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown " + runtime.Version()
	}
	return fmt.Sprintf("%s %s", info.GoVersion, info.Main.Sum)
})

// linkerID finds the build id in the first part of the running program's file,
// where the linker puts it ("\xff Go build ID: \"...\"\n \xff", or the ELF
// note named Go); empty when it is not there.
func linkerID() string {
	f, err := os.Open(Executable())
	if err != nil {
		return ""
	}
	defer f.Close()
	data := make([]byte, 8<<10)
	n, _ := f.ReadAt(data, 0)
	data = data[:n]
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
