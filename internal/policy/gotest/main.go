// Command gotest reads the output of go test -json and prints what go test
// would have printed: a line a package, and what failing tests said. At the
// end it lists the tests that were skipped, with their reasons.
//
//	go test -json ./... | go run ./internal/policy/gotest
//
// Where CORECAST_REQUIRE is "all" it ends with 1 when a test was skipped for
// another reason than that it is "not applicable:".
package main

import (
	"fmt"
	"os"
)

func main() {
	bad, err := read(os.Stdin, os.Stdout, os.Getenv("CORECAST_REQUIRE") == "all")
	if err != nil {
		fmt.Fprintf(os.Stderr, "gotest: %v\n", err)
		os.Exit(2)
	}
	if bad {
		os.Exit(1)
	}
}
