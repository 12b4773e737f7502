// Package storeexchange moves tasks and results over an object store: for
// workers that accept no connections, and cannot make one to their driver.
//
// What the driver says to a worker is a message, an object. The first messages
// of all workers that start together are one object, of which each reads its
// range; what a worker says is appended in segments, each an object, written
// when it has done what it was told, when much has gathered, or after a time.
// The driver finds segments by listing. Requests grow with workers and time and
// not with tasks; docs/cloud.md has the reasons and the budget.
//
//	spec.go      what a worker is started with
//	segment.go   what a segment begins with
//	conn.go      the worker's end: a stream made of objects
//	main.go      how a process becomes such a worker
//	hub.go       the driver's end: messages out, segments in
//	pace.go      how often it lists
//	launcher.go  a launcher over a Platform, which starts instances
//
// Package exchange has the link (Stored) and the frames that both ends write.
package storeexchange
