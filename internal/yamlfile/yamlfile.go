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
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
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

// Decode reads data into v, a pointer. Errors are [Error] values of one line; a
// file that holds nothing gives ErrEmpty. A second document is an error: nobody
// would read it.
func Decode(data []byte, v any) (*File, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, place(err)
	}
	if err := single(file); err != nil {
		return nil, err
	}
	err = yaml.NewDecoder(strings.NewReader(string(data)), yaml.Strict()).Decode(v)
	if errors.Is(err, io.EOF) {
		return nil, ErrEmpty
	}
	if err != nil {
		return nil, place(err)
	}
	for _, d := range file.Docs {
		if err := whole(d.Body, reflect.TypeOf(v)); err != nil {
			return nil, err
		}
	}
	return &File{file}, nil
}

// Has reports whether the file has a value at a path.
func (f *File) Has(path string) bool {
	p, err := yaml.PathString(path)
	if err != nil {
		return false
	}
	node, err := p.FilterFile(f.file)
	return err == nil && node != nil
}

// Wrong tells what is wrong with a value: err, with the place of the first of
// the paths, such as $.sweeps[0].cores, that the file has a value at.
func (f *File) Wrong(err error, paths ...string) error {
	for _, path := range paths {
		p, e := yaml.PathString(path)
		if e != nil {
			continue
		}
		if node, e := p.FilterFile(f.file); e == nil && node != nil {
			return at(node.GetToken(), "%s", oneLine(err.Error()))
		}
	}
	return &Error{Text: oneLine(err.Error())}
}

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
			return expected(n.GetToken(), "a scalar or a list of scalars", nodeKind(n.Type()))
		}
	}
	return nil
}
