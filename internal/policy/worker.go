package policy

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// graph is which package imports which.
type graph map[string][]string

// listDeps asks the go command for what the packages reach when built for a
// system.
func listDeps(root, goos string, pkgs []string) (graph, error) {
	args := []string{"list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`}
	for _, p := range pkgs {
		args = append(args, module+"/"+p)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list what %s reach: %w: %s", strings.Join(pkgs, ", "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	g := make(graph)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		g[fields[0]] = fields[1:]
	}
	return g, nil
}

// checkReach says by which way each root reaches what it must not.
func checkReach(g graph, roots, mustNot []string) (broken []string) {
	for _, root := range roots {
		from := map[string]string{root: ""}
		queue := []string{root}
		for len(queue) > 0 {
			p := queue[0]
			queue = queue[1:]
			if matchesAny(mustNot, p) {
				broken = append(broken, fmt.Sprintf("a worker's path must not reach %s: %s", p, way(from, p)))
			}
			for _, next := range g[p] {
				if _, seen := from[next]; !seen {
					from[next] = p
					queue = append(queue, next)
				}
			}
		}
	}
	return broken
}

// way spells the shortest way to p.
func way(from map[string]string, p string) string {
	var steps []string
	for ; p != ""; p = from[p] {
		steps = append(steps, p)
	}
	slices.Reverse(steps)
	return strings.Join(steps, " > ")
}
