package imaging

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// WriteFile writes data to path in one step: to a file that has no name yet, or
// where that cannot be had a temporary one, so that path never holds half an
// image, also when the same is written twice at once, and a process that is
// killed leaves nothing half written. It makes the folders, and replaces a file
// that is there.
func WriteFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	temp := filepath.Join(dir, tempName())
	err := writeUnnamed(dir, temp, data)
	if errors.Is(err, errors.ErrUnsupported) {
		err = writeNew(temp, data)
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		if e := os.Remove(temp); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// writeUnnamed writes a file that has no name, and then gives it the name temp.
// Where that cannot be had, the error is errors.ErrUnsupported.
func writeUnnamed(dir, temp string, data []byte) error {
	f, err := unnamed(dir)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = link(f, temp)
	}
	return errors.Join(err, f.Close())
}

// CanWrite tells why WriteFile could not write into a folder: it writes a file
// there, and removes it. A folder that is not there yet would be made, so the
// one that it would be made in counts.
func CanWrite(dir string) error {
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s is a file, not a folder", dir)
		}
		if err == nil {
			break
		}
		above := filepath.Dir(dir)
		if above == dir {
			return err
		}
		dir = above
	}
	temp := filepath.Join(dir, tempName())
	if err := errors.Join(writeNew(temp, []byte{0}), os.Remove(temp)); err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return fmt.Errorf("no file can be written into %s: %w", dir, err)
	}
	return nil
}

// tempName is a name that no one else gives a file.
func tempName() string {
	return ".corecast-" + strconv.FormatUint(rand.Uint64(), 36) + ".tmp"
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
