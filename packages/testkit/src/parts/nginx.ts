import type { Part } from "./part.ts";

const path = "/usr/sbin/nginx";
const banner = /^nginx version: nginx\/(\d+(?:\.\d+)+)/m;

/** Another proxy that stands between clients and the gateway. */
export const nginx: Part = {
  id: "nginx",
  group: "debian",
  get: "apt-get install -y --no-install-recommends nginx-light",
  async probe({ run }) {
    const said = await run(path, ["-v"], 10_000);
    if (!said.ok) return { id: "nginx", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "nginx", reason: `${path} is another program` };
    return { id: "nginx", version, path };
  },
};
