package yamlfile

import (
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/google/jsonschema-go/jsonschema"
)

// Scalar is a text or a number, as it is written: for what its reader parses
// itself, such as 30s or 2MB. It is empty where it is absent.
type Scalar string

// UnmarshalYAML reads a scalar.
func (s *Scalar) UnmarshalYAML(node ast.Node) error {
	text, ok := scalarText(node)
	if !ok {
		return expected(node.GetToken(), "a scalar", nodeKind(node.Type()))
	}
	*s = Scalar(text)
	return nil
}

// ScalarOr is a scalar, for the usual case, or a mapping that says more.
type ScalarOr[T any] struct {
	// Scalar is empty where there is a mapping, More nil where there is none.
	Scalar string
	More   *T
}

// UnmarshalYAML reads a scalar or a mapping into a T.
func (s *ScalarOr[T]) UnmarshalYAML(node ast.Node) error {
	if text, ok := scalarText(node); ok {
		s.Scalar = text
		return nil
	}
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return expected(node.GetToken(), "a scalar or a mapping (key: value)", nodeKind(node.Type()))
	}
	s.More = new(T)
	if err := yaml.NodeToValue(node, s.More, yaml.Strict()); err != nil {
		return place(err)
	}
	return whole(node, reflect.TypeFor[T]())
}

// IsZero reports that it is absent.
func (s *ScalarOr[T]) IsZero() bool { return s == nil || s.Scalar == "" && s.More == nil }

// schema is that of a scalar or a T.
func (ScalarOr[T]) schema(known map[reflect.Type]*jsonschema.Schema) (*jsonschema.Schema, error) {
	more, err := schemaOf(reflect.TypeFor[T](), known)
	if err != nil {
		return nil, err
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Types: scalarTypes()}, more}}, nil
}

func scalarText(node ast.Node) (string, bool) {
	switch node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.LiteralNode:
		return node.GetToken().Value, true
	}
	return "", false
}

func scalarTypes() []string { return []string{"string", "number"} }
