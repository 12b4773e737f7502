package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// place keeps what an error says, in the words of who wrote the file, and
// where, in one line.
func place(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var wrongType *yaml.TypeError
	var overflow *yaml.OverflowError
	var wrongNode *yaml.UnexpectedNodeTypeError
	var other yaml.Error
	switch {
	case errors.As(err, &wrongType):
		return expected(wrongType.Token, kindOf(wrongType.DstType), given(wrongType.SrcType, wrongType.Token))
	case errors.As(err, &overflow):
		text := overflow.SrcNum + " is out of range"
		if strings.HasPrefix(overflow.SrcNum, "-") {
			text = overflow.SrcNum + " is negative, or out of range"
		}
		return at(overflow.Token, "%s%s", keyOf(overflow.Token), text)
	case errors.As(err, &wrongNode):
		return expected(wrongNode.Token, nodeKind(wrongNode.Expected), nodeKind(wrongNode.Actual))
	case errors.As(err, &other):
		return at(other.GetToken(), "%s", oneLine(other.GetMessage()))
	}
	return &Error{Text: oneLine(err.Error())}
}

func expected(t *token.Token, want, got string) error {
	return at(t, "%s%s is expected, not %s", keyOf(t), want, got)
}

// keyOf returns the key whose value begins with a token, with what stands
// behind it in an error.
func keyOf(t *token.Token) string {
	if t == nil || t.Prev == nil || t.Prev.Type != token.MappingValueType || t.Prev.Prev == nil {
		return ""
	}
	return t.Prev.Prev.Value + ": "
}

const (
	aNumber  = "a number"
	aWhole   = "a whole number"
	aText    = "a text"
	aBool    = "true or false"
	aList    = "a list"
	aMapping = "a mapping (key: value)"
)

// kindOf says what is written for a Go type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return aWhole
	case reflect.Float32, reflect.Float64:
		return aNumber
	case reflect.String:
		return aText
	case reflect.Bool:
		return aBool
	case reflect.Slice, reflect.Array:
		return aList
	case reflect.Map, reflect.Struct:
		return aMapping
	case reflect.Pointer:
		return kindOf(t.Elem())
	}
	return "another value"
}

// given says what was written: a scalar itself, or what else it is.
func given(t reflect.Type, at *token.Token) string {
	switch kind := kindOf(t); kind {
	case aList, aMapping:
		return kind
	}
	return strconv.Quote(at.Value)
}

// nodeKind says what a node is.
func nodeKind(t ast.NodeType) string {
	switch t {
	case ast.SequenceType:
		return aList
	case ast.MappingType, ast.MappingValueType:
		return aMapping
	case ast.StringType, ast.LiteralType:
		return aText
	case ast.IntegerType:
		return aWhole
	case ast.FloatType:
		return aNumber
	case ast.BoolType:
		return aBool
	case ast.NullType:
		return "nothing"
	}
	return strings.ToLower(t.YAMLName())
}

// single refuses a file of several documents.
func single(f *ast.File) error {
	seen := false
	for _, d := range f.Docs {
		if d.Body == nil || empty(d.Body.Type()) {
			continue
		}
		if !seen {
			seen = true
			continue
		}
		t := d.Body.GetToken()
		if d.Start != nil {
			t = d.Start
		}
		return at(t, "a second document begins here, and a file holds one: put it into a file of its own")
	}
	return nil
}

func empty(t ast.NodeType) bool {
	switch t {
	case ast.CommentType, ast.CommentGroupType, ast.NullType, ast.DirectiveType:
		return true
	}
	return false
}

// whole refuses fractions where a type has whole numbers: the library cuts them
// off.
func whole(n ast.Node, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := n.(type) {
	case *ast.FloatNode:
		if kindOf(t) == aWhole && n.Value != float64(int64(n.Value)) {
			return expected(n.GetToken(), aWhole, n.GetToken().Value)
		}
	case *ast.SequenceNode:
		if t.Kind() != reflect.Slice {
			return nil
		}
		for _, v := range n.Values {
			if err := whole(v, t.Elem()); err != nil {
				return err
			}
		}
	case *ast.MappingNode:
		for _, v := range n.Values {
			if err := whole(v, t); err != nil {
				return err
			}
		}
	case *ast.MappingValueNode:
		if f, ok := field(t, n.Key.GetToken().Value); ok {
			return whole(n.Value, f)
		}
	}
	return nil
}

// field returns the type of what a key of a struct or map holds.
func field(t reflect.Type, key string) (reflect.Type, bool) {
	if t.Kind() == reflect.Map {
		return t.Elem(), true
	}
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name == key {
			return f.Type, true
		}
	}
	return nil, false
}

func at(t *token.Token, format string, args ...any) error {
	e := &Error{Text: fmt.Sprintf(format, args...)}
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
	return e
}

// oneLine joins lines; a tab, which YAML does not allow everywhere, is shown.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\t", `\t`)), " ")
}
