package yamlfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of files that are read into a
// T, indented, from T's json and jsonschema tags; name and version are in its
// $id.
func Schema[T any](name string, version int, title string) ([]byte, error) {
	scalar := &jsonschema.Schema{Types: scalarTypes()}
	s, err := schemaOf(reflect.TypeFor[T](), map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[Scalar](): scalar,
		reflect.TypeFor[OneOrMore](): {AnyOf: []*jsonschema.Schema{
			scalar, {Type: "array", Items: scalar},
		}},
	})
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

// withSchema is a type whose schema is not that of its fields.
type withSchema interface {
	schema(known map[reflect.Type]*jsonschema.Schema) (*jsonschema.Schema, error)
}

// schemaOf infers the schema of a type, the schemas of some types being known.
func schemaOf(t reflect.Type, known map[reflect.Type]*jsonschema.Schema) (*jsonschema.Schema, error) {
	known = maps.Clone(known)
	if err := learn(t, known); err != nil {
		return nil, err
	}
	return jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: known})
}

// learn adds the schemas of the types in t that say theirs.
func learn(t reflect.Type, known map[reflect.Type]*jsonschema.Schema) error {
	if _, ok := known[t]; ok {
		return nil
	}
	if w, ok := reflect.New(t).Elem().Interface().(withSchema); ok && t.Kind() == reflect.Struct {
		s, err := w.schema(known)
		known[t] = s
		return err
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return learn(t.Elem(), known)
	case reflect.Struct:
		for f := range t.Fields() {
			if err := learn(f.Type, known); err != nil {
				return err
			}
		}
	}
	return nil
}
