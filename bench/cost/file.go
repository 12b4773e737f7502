package cost

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"corecast/internal/yamlfile"
)

// FileSchemaVersion is the version of files of prices.
const FileSchemaVersion = 1

// File is a user's own price list as it is written in YAML. With a base it is
// that list with the figures of the file in place of its own.
type File struct {
	// Base names a built-in list.
	Base  string `json:"base,omitempty" jsonschema:"built-in list that this one changes (corecast list prices)"`
	Price `json:",inline" yaml:",inline"`
}

// FileSchema returns the JSON Schema of files of prices.
func FileSchema() ([]byte, error) {
	return yamlfile.Schema[File]("price", FileSchemaVersion, "A price list of a user's own")
}

// Read reads a user's own price list from YAML or JSON, with the fields of
// [File]. Unknown fields, missing prices and negative figures are errors, told
// with line and column where they have one.
func Read(data []byte) (Price, error) {
	var f File
	doc, err := yamlfile.Decode(data, &f)
	if errors.Is(err, yamlfile.ErrEmpty) {
		err = errors.New("the price list is empty")
	}
	if err != nil {
		return Price{}, err
	}
	if f.Base != "" {
		if f.Price, err = f.onBase(data); err != nil {
			return Price{}, doc.Wrong(err, "$.base")
		}
	}
	if field, err := f.validate(); err != nil {
		return Price{}, doc.Wrong(err, "$."+field, "$")
	}
	return f.Price, nil
}

// onBase returns the base's list with what the file says over it.
func (f *File) onBase(data []byte) (Price, error) {
	base, err := Lookup(f.Base)
	if err != nil {
		return Price{}, err
	}
	over := File{Price: base}
	over.Name, over.Source, over.Date, over.Note = base.Name+" (changed)", "", "", ""
	over.Items = nil
	if _, err := yamlfile.Decode(data, &over); err != nil {
		return Price{}, err
	}
	items := maps.Clone(base.Items)
	if items == nil {
		items = make(map[string]float64)
	}
	maps.Copy(items, over.Items)
	over.Items = items
	return over.Price, nil
}

// Load returns the list of that name, or reads a file when what is given looks
// like a path: with a folder, or ending in .yaml, .yml or .json.
func Load(nameOrPath string) (Price, error) {
	extensions := []string{".yaml", ".yml", ".json"}
	if !slices.Contains(extensions, strings.ToLower(filepath.Ext(nameOrPath))) && !strings.ContainsRune(nameOrPath, filepath.Separator) {
		return Lookup(nameOrPath)
	}
	data, err := os.ReadFile(nameOrPath)
	if err != nil {
		return Price{}, fmt.Errorf("read the price list: %w", err)
	}
	p, err := Read(data)
	if err != nil {
		return Price{}, fmt.Errorf("%s: %w", nameOrPath, err)
	}
	return p, nil
}
