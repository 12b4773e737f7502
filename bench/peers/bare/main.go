// Command bare is the least that a worker process of Go can be: it says that
// it is there, by a byte on its descriptor 3, and ends when that stream does.
// Package main of bench/peers builds it, and starts it as the floor of starting
// workers.
package main

import "os"

func main() {
	stream := os.NewFile(3, "driver")
	if _, err := stream.Write([]byte{1}); err != nil {
		os.Exit(1)
	}
	stream.Read(make([]byte, 1)) // to its end, or to an error that means the same
}
