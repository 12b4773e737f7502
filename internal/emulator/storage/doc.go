// Package storage is the emulator's object store: an S3 server in this process
// that checks signatures.
//
// HTTP, signatures and XML are versitygw's; what it keeps objects in is own
// code, as its folders need extended attributes, hold no object a beside a/b,
// and change the process's working folder: buckets by name (buckets.go), objects
// by key with their bytes in memory, or in a file when there are many (body.go,
// objects.go), lists (list.go), and uploads in parts (parts.go).
//
// [Server] is an HTTP handler in front of versitygw, which listens on a socket
// in its folder (server.go), so that package emulator can count requests, and
// make some fail, for all its services alike. A request with a token of IAM,
// which IBM Cloud Object Storage takes too, is signed in its place (bearer.go).
package storage
