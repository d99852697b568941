import { dirname, join } from "node:path";
import { realpath } from "node:fs/promises";
import type { Part } from "./part.ts";

const id = "kube-apiserver";
const banner = /^Kubernetes v(\d+\.\d+\.\d+)\s*$/m;
const timeoutMs = 30_000;

/** The API server of Kubernetes, with the etcd that lies beside it. */
export const kubeApiserver: Part = {
  id,
  group: "go",
  get: "scripts/parts/kube-apiserver.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, id);
    const said = await run(path, ["--version"], timeoutMs);
    if (!said.ok) return { id, reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id, reason: "it gave no version of Kubernetes" };
    const folder = dirname(await realpath(path));
    const etcd = await run(join(folder, "etcd"), ["--version"], timeoutMs);
    const isEtcd = etcd.ok && etcd.text.includes("etcd Version:");
    if (!isEtcd) return { id, reason: "etcd is not beside it, or is another one" };
    return { id, version, path: join(folder, id) };
  },
};
