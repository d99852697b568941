import type { Part } from "./part.ts";

const banner = /^(?:Redis|Valkey) server v=(\d+(?:\.\d+)+) sha=/m;

/** The store that replicas share: Redis, or Valkey under its own name. */
export const redis: Part = {
  id: "redis",
  group: "debian",
  get: "apt-get install -y --no-install-recommends redis-server",
  async probe(environment) {
    const reasons: string[] = [];
    for (const path of ["/usr/bin/redis-server", "/usr/bin/valkey-server"]) {
      const said = await environment.run(path, ["--version"], 10_000);
      const version = said.ok ? banner.exec(said.text)?.[1] : undefined;
      if (version !== undefined) return { id: "redis", version, path };
      reasons.push(said.ok ? `${path} is another program` : said.reason);
    }
    return { id: "redis", reason: reasons.join("; ") };
  },
};
