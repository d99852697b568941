import { programPart } from "./banner.ts";
import type { Part } from "./part.ts";

/** Prometheus and its Alertmanager, which Debian packages under these names. */
const monitoringPart = (id: "prometheus" | "prometheus-alertmanager", word: string): Part =>
  programPart({
    id,
    group: "debian",
    get: `apt-get install -y --no-install-recommends ${id}`,
    paths: [`/usr/bin/${id}`],
    args: ["--version"],
    timeoutMs: 10_000,
    banner: new RegExp(`^${word}, version (\\d+(?:\\.\\d+)+)`, "m"),
  });

export const prometheus = monitoringPart("prometheus", "prometheus");
export const alertmanager = monitoringPart("prometheus-alertmanager", "alertmanager");
