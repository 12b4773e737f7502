package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newGenerate makes generate.
func (a *app) newGenerate() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "write manual pages and shell completions into a folder",
		Long: `Write a manual page for each command into the folder man1, and completions for
bash, zsh, fish and powershell into the folder completions, of --output.`,
		Example: "  corecast generate --output /usr/local/share/corecast",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, err := generate(cmd.Root(), output)
			if err != nil {
				return fmt.Errorf("--output: %w", err)
			}
			_, err = fmt.Fprintf(a.stdout, "%d files in %s\n", files, show(output))
			return err
		},
	}
	cmd.Flags().StringVar(&output, "output", "share", "folder to write to")
	return cmd
}

// generate writes the pages and completions and returns how many files there
// are.
func generate(root *cobra.Command, dir string) (int, error) {
	pages, completions := filepath.Join(dir, "man1"), filepath.Join(dir, "completions")
	for _, d := range []string{pages, completions} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return 0, err
		}
	}
	root.DisableAutoGenTag = true // the same input gives the same files
	header := &doc.GenManHeader{Title: "CORECAST", Section: "1", Source: "corecast " + version, Manual: "corecast"}
	if err := doc.GenManTree(root, header, pages); err != nil {
		return 0, err
	}
	write := map[string]func(string) error{
		"corecast.bash": func(f string) error { return root.GenBashCompletionFileV2(f, true) },
		"_corecast":     root.GenZshCompletionFile,
		"corecast.fish": func(f string) error { return root.GenFishCompletionFile(f, true) },
		"corecast.ps1":  root.GenPowerShellCompletionFileWithDesc,
	}
	for name, to := range write {
		if err := to(filepath.Join(completions, name)); err != nil {
			return 0, err
		}
	}
	made, err := os.ReadDir(pages)
	return len(made) + len(write), err
}
