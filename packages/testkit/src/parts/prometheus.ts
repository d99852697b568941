import type { Part } from "./part.ts";

/** Prometheus and its Alertmanager, which Debian packages under these names. */
function monitoringPart(id: "prometheus" | "prometheus-alertmanager", word: string): Part {
  const path = `/usr/bin/${id}`;
  return {
    id,
    group: "debian",
    get: `apt-get install -y --no-install-recommends ${id}`,
    async probe(environment) {
      const said = await environment.run(path, ["--version"], 10_000);
      if (!said.ok) return { id, reason: said.reason };
      const version = new RegExp(`^${word}, version (\\d+(?:\\.\\d+)+)`, "m").exec(said.text)?.[1];
      if (version === undefined) return { id, reason: `${path} is another program` };
      return { id, version, path };
    },
  };
}

export const prometheus = monitoringPart("prometheus", "prometheus");
export const alertmanager = monitoringPart("prometheus-alertmanager", "alertmanager");
