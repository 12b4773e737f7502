// Package storage is the emulator's object store: an S3 server in this process
// that checks signatures, over a folder.
//
// The server is versitygw, which listens on a socket in that folder; [Server]
// is an HTTP handler in front of it (proxy.go), so that package emulator can
// count requests, and make some of them fail, for all its services alike.
// IBM Cloud Object Storage also takes IAM's bearer tokens: a request with one
// that holds is signed in its place (bearer.go).
package storage
