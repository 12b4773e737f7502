// Package yamlfile reads files that people write in YAML into Go values:
// strictly, so that an unknown or doubled key is an error, and telling line and
// column of whatever is wrong ([Error]). It makes the JSON Schema of such a
// file from the same type ([Schema]); editors that know YAML check by it.
//
// Plans (bench/planfile), price lists (bench/cost) and other files are read
// through it. JSON is YAML too, so each of them may be written as JSON.
package yamlfile

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is what is wrong with a file, and where.
type Error struct {
	// Line and Column count from 1; 0 where the place is not known.
	Line, Column int
	Text         string
}

// Error gives line, column and text.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// ErrEmpty is the error of a file without any value.
var ErrEmpty = errors.New("the file is empty")

// File is a file that was read, for errors about what its values mean.
type File struct{ file *ast.File }

// Decode reads the first document of data into v, a pointer. Errors are
// [Error] values of one line; a file that holds nothing gives ErrEmpty.
func Decode(data []byte, v any) (*File, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, place(err)
	}
	err = yaml.NewDecoder(strings.NewReader(string(data)), yaml.Strict()).Decode(v)
	if errors.Is(err, io.EOF) {
		return nil, ErrEmpty
	}
	if err != nil {
		return nil, place(err)
	}
	return &File{file}, nil
}

// Wrong tells what is wrong with the value at a path such as
// $.sweeps[0].cores: err, with the place of that value.
func (f *File) Wrong(path string, err error) error {
	p, e := yaml.PathString(path)
	if e != nil {
		return &Error{Text: oneLine(err.Error())}
	}
	node, e := p.FilterFile(f.file)
	if e != nil || node == nil {
		return &Error{Text: oneLine(err.Error())}
	}
	return at(node.GetToken(), "%s", oneLine(err.Error()))
}

func at(t *token.Token, format string, args ...any) error {
	e := &Error{Text: fmt.Sprintf(format, args...)}
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
	return e
}

// located is an error of the YAML library that knows its place.
type located interface {
	GetToken() *token.Token
	GetMessage() string
}

// place keeps what an error says and where, in one line.
func place(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var l located
	if errors.As(err, &l) {
		return at(l.GetToken(), "%s", oneLine(l.GetMessage()))
	}
	return &Error{Text: oneLine(err.Error())}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// OneOrMore is a scalar or a list of scalars, as text.
type OneOrMore []string

// UnmarshalYAML reads a scalar or a list of scalars.
func (o *OneOrMore) UnmarshalYAML(node ast.Node) error {
	nodes := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		nodes = list.Values
	}
	for _, n := range nodes {
		switch n.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.LiteralNode:
			*o = append(*o, n.GetToken().Value)
		default:
			return at(n.GetToken(), "a scalar or a list of scalars is expected, not %s", n.Type())
		}
	}
	return nil
}
