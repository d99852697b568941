//go:build pin

// Package pin keeps the command k6 in go.mod.
package pin

import _ "go.k6.io/k6/v2"
