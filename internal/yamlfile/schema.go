package yamlfile

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of files that are read into a
// T, indented, from T's json and jsonschema tags; name and version are in its
// $id.
func Schema[T any](name string, version int, title string) ([]byte, error) {
	scalar := []string{"string", "number"}
	s, err := jsonschema.For[T](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[OneOrMore](): {AnyOf: []*jsonschema.Schema{
			{Types: scalar},
			{Type: "array", Items: &jsonschema.Schema{Types: scalar}},
		}},
	}})
	if err != nil {
		return nil, fmt.Errorf("infer the schema %q: %w", name, err)
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.ID = fmt.Sprintf("urn:corecast:schema:%s:%d", name, version)
	s.Title = title
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema %q: %w", name, err)
	}
	return append(data, '\n'), nil
}
