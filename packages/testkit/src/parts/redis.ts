import { programPart } from "./banner.ts";

/** The store that replicas share: Redis, or Valkey under its own name. */
export const redis = programPart({
  id: "redis",
  group: "debian",
  get: "apt-get install -y --no-install-recommends redis-server",
  paths: ["/usr/bin/redis-server", "/usr/bin/valkey-server"],
  args: ["--version"],
  timeoutMs: 10_000,
  banner: /^(?:Redis|Valkey) server v=(\d+(?:\.\d+)+) sha=/m,
});
