//go:build pin

// Package pin keeps the command opa in go.mod.
package pin

import _ "github.com/open-policy-agent/opa"
