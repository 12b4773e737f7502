package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/spf13/cobra"

	"corecast/runner"
)

// imageFlags are those of image build and push.
type imageFlags struct {
	program, base, folder, output string
	insecure                      bool
}

// newImage makes image: images of workers, without Docker.
func (a *app) newImage() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "image",
		Short: "make an image of a program, without Docker",
		Long: `Make an image for instances of a container service: of this corecast, or of a Go
program of your own that calls storeexchange.Main. It holds the program alone,
unless a base image and a folder are added, as the scripts of the workload
command need. The program must be linked statically (CGO_ENABLED=0) where there
is no base. Workers must be of the same build as their driver.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var b, p imageFlags
	build := &cobra.Command{
		Use: "build NAME", Short: "make an image and write it to a tar",
		Example: `  corecast image build my/worker:1 --file worker.tar
  corecast image build my/worker:1 --program ./mine --file worker.tar
  corecast image build my/scripts:1 --base debian:12 --add ./scripts --file scripts.tar`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.imageBuild(cmd, args[0], &b) },
	}
	b.bind(build)
	build.Flags().StringVar(&b.output, "file", "image.tar", "tar to write")
	push := &cobra.Command{
		Use: "push NAME", Short: "make an image and push it to a registry",
		Long: `Make an image and push it to a registry, by the credentials that docker login or
podman login have written.`,
		Example: `  corecast image push icr.io/me/corecast:1`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.imagePush(cmd, args[0], &p) },
	}
	p.bind(push)
	cmd.AddCommand(build, push)
	return cmd
}

func (f *imageFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.program, "program", "", "program (default: this corecast)")
	fs.StringVar(&f.base, "base", "", "image to begin with, from its registry, or a tar of one (default: none)")
	fs.StringVar(&f.folder, "add", "", "folder whose files are put into /work, where the program is started")
	fs.BoolVar(&f.insecure, "insecure", false, "registry without TLS")
}

func (f *imageFlags) reference(s string) (name.Reference, error) {
	var o []name.Option
	if f.insecure {
		o = append(o, name.Insecure)
	}
	return name.ParseReference(s, o...)
}

func (a *app) imageBuild(cmd *cobra.Command, ref string, f *imageFlags) error {
	tag, err := f.reference(ref)
	if err != nil {
		return fmt.Errorf("%q: %w", ref, err)
	}
	img, err := f.image(cmd)
	if err != nil {
		return err
	}
	if err := tarball.WriteToFile(f.output, tag, img); err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s is in %s\n%s\n", tag, f.output, digest)
	return nil
}

func (a *app) imagePush(cmd *cobra.Command, ref string, f *imageFlags) error {
	tag, err := f.reference(ref)
	if err != nil {
		return fmt.Errorf("%q: %w", ref, err)
	}
	img, err := f.image(cmd)
	if err != nil {
		return err
	}
	if err := remote.Write(tag, img, remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithContext(cmd.Context())); err != nil {
		return fmt.Errorf("push to %s: %w", tag, err)
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s@%s\n", tag, digest)
	return nil
}

// image makes the image.
func (f *imageFlags) image(cmd *cobra.Command) (v1.Image, error) {
	program := f.program
	if program == "" {
		program = runner.Executable()
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read the program: %w", err)
	}
	if f.base == "" {
		if err := static(data); err != nil {
			return nil, fmt.Errorf("program %s: %w", program, err)
		}
	}
	img, err := f.baseImage(cmd)
	if err != nil {
		return nil, err
	}
	files := []file{{"corecast", data, 0o755}}
	if f.folder != "" {
		if files, err = addFolder(files, f.folder); err != nil {
			return nil, err
		}
	}
	layer, err := layerOf(files)
	if err != nil {
		return nil, err
	}
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		return nil, err
	}
	c, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	c.OS, c.Architecture = "linux", "amd64"
	c.Config.Entrypoint, c.Config.Cmd, c.Config.WorkingDir = []string{"/corecast"}, nil, "/work"
	return mutate.ConfigFile(img, c)
}

// static refuses a program that needs what is not in an image without a base.
func static(data []byte) error {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("it is no program for Linux: %w", err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("it is not linked statically: build it with CGO_ENABLED=0, or name a --base image that has its libraries")
		}
	}
	return nil
}

func (f *imageFlags) baseImage(cmd *cobra.Command) (v1.Image, error) {
	if f.base == "" {
		return empty.Image, nil
	}
	if strings.HasSuffix(f.base, ".tar") {
		img, err := tarball.ImageFromPath(f.base, nil)
		if err != nil {
			return nil, fmt.Errorf("--base: %w", err)
		}
		return img, nil
	}
	ref, err := f.reference(f.base)
	if err != nil {
		return nil, fmt.Errorf("--base: %w", err)
	}
	img, err := remote.Image(ref, remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithContext(cmd.Context()))
	if err != nil {
		return nil, fmt.Errorf("--base: %w", err)
	}
	return img, nil
}

// file is one of an image.
type file struct {
	name string
	data []byte
	mode fs.FileMode
}

func addFolder(files []file, folder string) ([]file, error) {
	err := filepath.WalkDir(folder, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(folder, p)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(p)
		files = append(files, file{path.Join("work", filepath.ToSlash(rel)), data, info.Mode().Perm()})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("--add: %w", err)
	}
	return files, nil
}

// layerOf makes a layer, the same for the same files: no times, no owners.
func layerOf(files []file) (v1.Layer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "work/", Mode: 0o755}); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(f.data)), Mode: int64(f.mode)}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf.Bytes())), nil })
}
