package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// ruleFor returns the rule of a package: the exact one, or else that of the
// longest pattern.
func ruleFor(rules []rule, p string) (rule, bool) {
	var best rule
	found := false
	for _, r := range rules {
		if r.pkg == p {
			return r, true
		}
		if matches(r.pkg, p) && (!found || len(r.pkg) > len(best.pkg)) {
			best, found = r, true
		}
	}
	return best, found
}

// checkImports says where the tree breaks the rules, a line each.
func checkImports(t *tree, rules []rule, modules []moduleRule) (broken []string) {
	for _, p := range t.pkgs {
		r, ok := ruleFor(rules, p.path)
		if !ok {
			broken = append(broken, fmt.Sprintf("package %s has no line in importRules (internal/policy/rules.go)", p.path))
			continue
		}
		for _, f := range p.files {
			for _, spec := range f.syntax.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					broken = append(broken, t.where(spec.Pos())+": "+err.Error())
					continue
				}
				if why := refuse(r, modules, p.path, imported, f.test); why != "" {
					broken = append(broken, t.where(spec.Pos())+": "+why)
				}
			}
		}
	}
	return broken
}

// refuse says why package p, ruled by r, may not import a package; empty when
// it may.
func refuse(r rule, modules []moduleRule, p, imported string, test bool) string {
	own, inProject := strings.CutPrefix(imported, module+"/")
	switch {
	case inProject && (own == p || matchesAny(r.imports, own) || test && matchesAny(r.tests, own)):
		return ""
	case inProject:
		return fmt.Sprintf("package %s may not import %s", p, own)
	case !strings.Contains(strings.Split(imported, "/")[0], "."):
		return "" // of Go itself
	}
	for _, m := range modules {
		if !within(imported, m.module) {
			continue
		}
		if matchesAny(m.in, p) || test && matchesAny(m.tests, p) {
			return ""
		}
		return fmt.Sprintf("package %s may not import %s: module %s has its place in %s", p, imported, m.module, strings.Join(append(m.in, m.tests...), ", "))
	}
	return fmt.Sprintf("package %s imports %s, whose module has no line in moduleRules (internal/policy/rules.go)", p, imported)
}

// within reports whether a package is of a module.
func within(imported, module string) bool {
	return imported == module || strings.HasPrefix(imported, module+"/")
}
