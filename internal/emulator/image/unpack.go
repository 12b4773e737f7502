package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// open makes an image of what is at a path, unpacked into a folder that is not
// there yet where it is packed.
func open(at, folder string) (*Image, error) {
	at, err := filepath.Abs(at)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(at)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return fromTar(at, folder)
	}
	if _, err := os.Stat(filepath.Join(at, "oci-layout")); err == nil {
		return fromLayout(at, folder)
	}
	return &Image{root: at}, nil
}

// fromTar reads a tar: of the OCI image layout, or as docker save writes it.
func fromTar(at, folder string) (*Image, error) {
	names, err := names(at)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", at, err)
	}
	switch {
	case names["oci-layout"]:
		packed := folder + ".layout"
		f, err := os.Open(at)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := unpack(f, packed); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", at, err)
		}
		defer os.RemoveAll(packed)
		return fromLayout(packed, folder)
	case names["manifest.json"]:
		img, err := tarball.ImageFromPath(at, nil)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", at, err)
		}
		return extract(img, folder)
	}
	return nil, fmt.Errorf("%s is no image: its tar has neither oci-layout nor manifest.json", at)
}

// names lists the top level of a tar.
func names(at string) (map[string]bool, error) {
	f, err := os.Open(at)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list := make(map[string]bool)
	for t := tar.NewReader(f); ; {
		h, err := t.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list[path.Clean(h.Name)] = true
	}
}

// fromLayout reads the first image of a folder in the OCI image layout.
func fromLayout(at, folder string) (*Image, error) {
	index, err := layout.ImageIndexFromPath(at)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", at, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", at, err)
	}
	for _, d := range manifest.Manifests {
		if !d.MediaType.IsImage() {
			continue
		}
		img, err := index.Image(d.Digest)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", at, err)
		}
		return extract(img, folder)
	}
	return nil, fmt.Errorf("%s has no image in it", at)
}

// extract unpacks an image's layers, one over the other, and takes its
// configuration.
func extract(img v1.Image, folder string) (*Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read its configuration: %w", err)
	}
	files := mutate.Extract(img)
	defer files.Close()
	if err := unpack(files, folder); err != nil {
		return nil, fmt.Errorf("unpack its layers: %w", err)
	}
	c := config.Config
	return &Image{root: folder, entrypoint: c.Entrypoint, cmd: c.Cmd, env: c.Env, dir: c.WorkingDir}, nil
}

// unpack writes a tar's folders, files and links below a folder that it makes.
// What would lead out of it is an error (os.Root); devices are left out.
func unpack(from io.Reader, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for t := tar.NewReader(from); ; {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackOne(root, h, t); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func unpackOne(root *os.Root, h *tar.Header, from io.Reader) error {
	name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
	if name == "" {
		return nil
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(h.Mode).Perm() | 0o600 // this user unpacks it, runs it and removes it
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, mode|0o100)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, from)
		return errors.Join(err, f.Close())
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		return root.Link(strings.TrimPrefix(path.Clean("/"+h.Linkname), "/"), name)
	}
	return nil
}
