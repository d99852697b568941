//go:build pin

// Package pin keeps the command minio in go.mod.
package pin

import _ "github.com/minio/minio"
