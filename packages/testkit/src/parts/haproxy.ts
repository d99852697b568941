import type { Part } from "./part.ts";

const path = "/usr/sbin/haproxy";
const banner = /^HAProxy version (\d+(?:\.\d+)+)/m;

/** A proxy that stands between clients and the gateway. */
export const haproxy: Part = {
  id: "haproxy",
  group: "debian",
  get: "apt-get install -y --no-install-recommends haproxy",
  async probe({ run }) {
    const said = await run(path, ["-v"], 10_000);
    if (!said.ok) return { id: "haproxy", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "haproxy", reason: `${path} is another program` };
    return { id: "haproxy", version, path };
  },
};
