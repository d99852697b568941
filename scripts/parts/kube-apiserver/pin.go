//go:build pin

// Package pin keeps the commands kube-apiserver and etcd in go.mod.
package pin

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
