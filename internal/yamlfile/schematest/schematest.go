// Package schematest holds the published schema of a kind of YAML files against
// texts that are, or are not, valid. It serves the tests of the packages that
// read such files by package yamlfile.
package schematest

import (
	"encoding/json"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
)

// Check validates each text, YAML or JSON, by the schema, and reports those
// that are not as valid as the map says.
func Check(t *testing.T, schema []byte, texts map[string]bool) {
	t.Helper()
	var s jsonschema.Schema
	if err := json.Unmarshal(schema, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, valid := range texts {
		// JSON first: 2e-7, a number there, is a word in YAML
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			if err := yaml.Unmarshal([]byte(text), &value); err != nil {
				t.Fatal(err)
			}
		}
		if err := resolved.Validate(value); (err == nil) != valid {
			t.Errorf("%q: %v, want valid %v", text, err, valid)
		}
	}
}
