import { dirname, join } from "node:path";
import { realpath } from "node:fs/promises";
import { askVersion } from "./banner.ts";
import type { Part } from "./part.ts";

const id = "kube-apiserver";
const question = {
  args: ["--version"],
  timeoutMs: 30_000,
  banner: /^Kubernetes v(\d+\.\d+\.\d+)\s*$/m,
  otherwise: "it gave no version of Kubernetes",
};

/** The API server of Kubernetes, with the etcd that lies beside it. */
export const kubeApiserver: Part = {
  id,
  group: "go",
  get: "scripts/parts/kube-apiserver.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, id);
    const answer = await askVersion(run, { ...question, command: path });
    if ("reason" in answer) return { id, ...answer };
    const folder = dirname(await realpath(path));
    const etcd = await run(join(folder, "etcd"), question.args, question.timeoutMs);
    const isEtcd = etcd.ok && etcd.text.includes("etcd Version:");
    if (!isEtcd) return { id, reason: "etcd is not beside it, or is another one" };
    return { id, ...answer, path: join(folder, id) };
  },
};
