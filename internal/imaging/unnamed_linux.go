package imaging

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// unnamed makes a file in dir that has no name. It is gone with its last
// descriptor, however its process ends, unless it is given one.
func unnamed(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir, unix.O_TMPFILE|os.O_WRONLY, 0o666)
	// Old kernels take it for the opening of a folder (EISDIR), and file systems
	// that cannot say so (EOPNOTSUPP).
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOENT) {
		return nil, errors.ErrUnsupported
	}
	return f, err
}

// link gives an unnamed file a name that no other has. Without /proc it cannot.
func link(f *os.File, path string) error {
	fd := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	err := unix.Linkat(unix.AT_FDCWD, fd, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	switch {
	case errors.Is(err, unix.ENOENT):
		return errors.ErrUnsupported
	case err != nil:
		return &os.LinkError{Op: "link", Old: fd, New: path, Err: err}
	}
	return nil
}
