//go:build pin

// Package pin keeps the command jaeger in go.mod.
package pin

import _ "github.com/jaegertracing/jaeger/cmd/jaeger"
