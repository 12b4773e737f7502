// Package image stands for the registry that an emulated service pulls images
// from: names that lead to folders of this machine.
//
// A [Source] is a folder that is an image's root, a folder in the OCI image
// layout, or a tar of that layout or as docker save writes it (unpack.go). A
// [Registry] has all sources unpacked before anything runs, and says what an
// instance of an image runs here ([Image.Command]): there is no container, so
// that paths in the image become paths of its folder, and what the image does
// not have is this machine's. An image without a source can still run where
// prefixes of paths are mapped to this machine's own programs.
package image
