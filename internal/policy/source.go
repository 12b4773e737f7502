package policy

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
)

// checkInit says where the tree has init functions that are not allowed.
func checkInit(t *tree, allowed map[string]string) (broken []string) {
	for _, p := range t.pkgs {
		for _, f := range p.files {
			for _, d := range f.syntax.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if ok && fn.Recv == nil && fn.Name.Name == "init" && allowed[f.name] == "" {
					broken = append(broken, t.where(fn.Pos())+": an init function")
				}
			}
		}
	}
	return broken
}

// checkState says where package-level variables change: assigned to, wholly or
// in part, here or from another package; their address taken, by & or by a
// method on a pointer; or of a type that only makes sense when it changes. What
// a variable that is a pointer, or a function, does behind a call is not seen.
func checkState(t *tree, allowed map[string]string) (broken []string) {
	for _, p := range t.pkgs {
		parts := make(map[string][]*ast.File) // a package, and its external test
		for _, f := range p.files {
			name := f.syntax.Name.Name
			parts[name] = append(parts[name], f.syntax)
		}
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			files := parts[name]
			s := &stateSearch{tree: t, path: p.path, allowed: allowed}
			s.resolve(name, files)
			for _, f := range files {
				ast.Inspect(f, s.visit)
			}
			broken = append(broken, s.broken...)
		}
	}
	return broken
}

// stateSearch looks through one package. Names are resolved by go/types, which
// is given other packages by name only: their types are unknown to it, what a
// name stands for is not.
type stateSearch struct {
	tree    *tree
	path    string
	allowed map[string]string
	info    types.Info
	scope   *types.Scope
	broken  []string
}

// byName imports packages that have a name, and nothing in them.
type byName struct{}

// Import makes an empty package, named by its path.
func (byName) Import(at string) (*types.Package, error) {
	name := path.Base(at)
	if strings.HasPrefix(name, "v") && strings.Trim(name[1:], "0123456789") == "" {
		name = path.Base(path.Dir(at)) // a major version
	}
	p := types.NewPackage(at, name)
	p.MarkComplete()
	return p, nil
}

func (s *stateSearch) resolve(name string, files []*ast.File) {
	s.info = types.Info{
		Uses:       make(map[*ast.Ident]types.Object),
		Selections: make(map[*ast.SelectorExpr]*types.Selection),
	}
	conf := types.Config{Importer: byName{}, Error: func(error) {}}
	// What goes wrong is that other packages are empty.
	checked, _ := conf.Check(name, s.tree.fset, files, &s.info)
	s.scope = checked.Scope()
}

func (s *stateSearch) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		s.declared(n)
	case *ast.AssignStmt:
		for _, e := range n.Lhs {
			s.changed(e, "is assigned to")
		}
	case *ast.IncDecStmt:
		s.changed(n.X, "is assigned to")
	case *ast.RangeStmt:
		s.changed(n.Key, "is assigned to")
		s.changed(n.Value, "is assigned to")
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			s.changed(n.X, "has its address taken")
		}
	case *ast.CallExpr:
		s.builtin(n)
	case *ast.SelectorExpr:
		s.method(n)
	}
	return true
}

// declared looks for variables of package level whose type is made to change.
func (s *stateSearch) declared(d *ast.GenDecl) {
	if d.Tok != token.VAR {
		return
	}
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		sel, ok := v.Type.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		of, ok := sel.X.(*ast.Ident)
		if !ok {
			continue
		}
		imported, ok := s.info.Uses[of].(*types.PkgName)
		if !ok || imported.Imported().Path() != "sync" && imported.Imported().Path() != "sync/atomic" {
			continue
		}
		for _, name := range v.Names {
			if s.scope.Lookup(name.Name) != nil && s.scope.Lookup(name.Name).Pos() == name.Pos() {
				s.report(name.Pos(), s.path+"."+name.Name, "is of a type that is made to change")
			}
		}
	}
}

// builtin looks for built-in functions that change their first argument.
func (s *stateSearch) builtin(call *ast.CallExpr) {
	fn, ok := call.Fun.(*ast.Ident)
	if !ok || len(call.Args) == 0 {
		return
	}
	if _, ok := s.info.Uses[fn].(*types.Builtin); ok && (fn.Name == "delete" || fn.Name == "clear" || fn.Name == "copy") {
		s.changed(call.Args[0], "is changed")
	}
}

// method looks for methods on a pointer that are called on a variable.
func (s *stateSearch) method(sel *ast.SelectorExpr) {
	selection := s.info.Selections[sel]
	if selection == nil || selection.Kind() != types.MethodVal || selection.Indirect() {
		return
	}
	signature := selection.Obj().Type().(*types.Signature)
	if signature.Recv() == nil {
		return
	}
	_, takes := signature.Recv().Type().(*types.Pointer)
	_, has := selection.Recv().(*types.Pointer)
	if takes && !has {
		s.changed(sel.X, "has a method on its pointer called")
	}
}

// changed reports an expression that is, or is a part of, a variable of
// package level.
func (s *stateSearch) changed(e ast.Expr, how string) {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.SelectorExpr:
			if id, ok := x.X.(*ast.Ident); ok {
				if other, ok := s.info.Uses[id].(*types.PkgName); ok {
					s.report(x.Pos(), strings.TrimPrefix(other.Imported().Path(), module+"/")+"."+x.Sel.Name, how)
					return
				}
			}
			e = x.X
		case *ast.Ident:
			if v, ok := s.info.Uses[x].(*types.Var); ok && v.Parent() == s.scope {
				s.report(x.Pos(), s.path+"."+x.Name, how)
			}
			return
		default:
			return
		}
	}
}

func (s *stateSearch) report(at token.Pos, name, how string) {
	if s.allowed[name] == "" {
		s.broken = append(s.broken, fmt.Sprintf("%s: the package-level variable %s %s", s.tree.where(at), name, how))
	}
}
