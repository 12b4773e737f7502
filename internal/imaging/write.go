package imaging

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// WriteFile writes data to path in one step: to a temporary file beside it,
// which is then given its name, so that path never holds half an image, also
// when the same is written twice at once. It makes the folders, and replaces
// a file that is there.
func WriteFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	temp := filepath.Join(dir, ".corecast-"+strconv.FormatUint(rand.Uint64(), 36)+".tmp")
	err := writeNew(temp, data)
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

// writeNew writes a file that must not exist yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
