package planfile

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// SchemaVersion is the version of plans.
const SchemaVersion = 1

// Schema returns the JSON Schema (draft 2020-12) of plans, indented; editors
// that know YAML complete and check plans by it.
func Schema() ([]byte, error) {
	scalar := []string{"string", "number"}
	s, err := jsonschema.For[File](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[OneOrMore](): {AnyOf: []*jsonschema.Schema{
			{Types: scalar},
			{Type: "array", Items: &jsonschema.Schema{Types: scalar}},
		}},
	}})
	if err != nil {
		return nil, fmt.Errorf("infer the schema of plans: %w", err)
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.ID = fmt.Sprintf("urn:corecast:schema:plan:%d", SchemaVersion)
	s.Title = "A plan of corecast bench"
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of plans: %w", err)
	}
	return append(data, '\n'), nil
}
