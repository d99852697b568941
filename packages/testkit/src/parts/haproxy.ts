import { programPart } from "./banner.ts";

/** A proxy that stands between clients and the gateway. */
export const haproxy = programPart({
  id: "haproxy",
  group: "debian",
  get: "apt-get install -y --no-install-recommends haproxy",
  paths: ["/usr/sbin/haproxy"],
  args: ["-v"],
  timeoutMs: 10_000,
  banner: /^HAProxy version (\d+(?:\.\d+)+)/m,
});
