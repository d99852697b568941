import { existsSync } from "node:fs";
import { askVersion } from "./banner.ts";
import type { Part } from "./part.ts";

const path = "/usr/bin/podman";
const question = {
  command: path,
  args: ["--version"],
  timeoutMs: 20_000,
  banner: /^podman version (\d+(?:\.\d+)+)/m,
};
/** Kinds of namespaces that a container has of its own. */
const namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts"];
/** What its containers are made of and started by. */
const needed = ["/usr/sbin/runc", "/bin/busybox"];

/** Podman of Debian, with runc and a program that needs no library. */
export const podman: Part = {
  id: "podman",
  group: "debian",
  get: "apt-get install -y --no-install-recommends podman runc busybox-static",
  async probe({ run }) {
    const answer = await askVersion(run, question);
    if ("reason" in answer) return { id: "podman", ...answer };
    const lacking = needed.filter((one) => !existsSync(one));
    if (lacking.length > 0) return { id: "podman", reason: `there is no ${lacking.join(", no ")}` };
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) return { id: "podman", reason: "only root starts containers here" };
    const apart = await run("unshare", [...namespaces, "--fork", "true"], 10_000);
    if (!apart.ok) return { id: "podman", reason: apart.reason };
    return { id: "podman", ...answer, path };
  },
};
