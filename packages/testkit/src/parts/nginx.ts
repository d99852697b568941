import { programPart } from "./banner.ts";

/** Another proxy that stands between clients and the gateway. */
export const nginx = programPart({
  id: "nginx",
  group: "debian",
  get: "apt-get install -y --no-install-recommends nginx-light",
  paths: ["/usr/sbin/nginx"],
  args: ["-v"],
  timeoutMs: 10_000,
  banner: /^nginx version: nginx\/(\d+(?:\.\d+)+)/m,
});
