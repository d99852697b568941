/** How the samples of several processes become one; what is not named here is added up. */
const gaugePolicies: Readonly<Record<string, "max" | "min" | "state">> = {
  loadline_breaker_state: "max",
  loadline_active_keys: "max",
  loadline_auth_feed_lag_seconds: "max",
  loadline_pool_min: "max",
  loadline_limit_mode: "max",
  loadline_upstream_keys: "max",
  loadline_pool_ready: "min",
  loadline_target_ready: "min",
  loadline_budget_remaining_ratio: "min",
  loadline_dependency_state: "state",
  loadline_overloaded: "max",
  loadline_tls_certificate_not_after_seconds: "min",
  process_start_time_seconds: "min",
};

/** 3 says that a process has no such dependency. */
const stateUnknown = 3;
const end = "# EOF";

interface Family {
  readonly head: string[];
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** Samples by family, in the order of their first text. */
export type MergedMetrics = Map<string, Family>;

/** Reads OpenMetrics text into `into`: counters and histograms add up, gauges by their policy. */
export function addMetrics(into: MergedMetrics, text: string, o: { onlyCounts: boolean }): void {
  let family: Family | undefined;
  let name = "";
  for (const line of text.split("\n")) {
    if (line === "" || line === end) continue;
    if (line.startsWith("# TYPE ")) {
      [, , name = ""] = line.split(" ", 3);
      family = familyOf(into, name, line);
    } else if (line.startsWith("#")) {
      if (family && family.head.length === 1) family.head.push(line);
    } else if (family && !(o.onlyCounts && !isCount(family))) addSample(family, name, line);
  }
}

/** OpenMetrics text again, `# EOF` included. */
export function renderMetrics(merged: MergedMetrics): string {
  const lines: string[] = [];
  for (const { head, samples } of merged.values()) {
    lines.push(...head);
    for (const [series, value] of samples) lines.push(`${series} ${value}`);
  }
  lines.push(end, "");
  return lines.join("\n");
}

function familyOf(into: MergedMetrics, name: string, line: string): Family {
  const known = into.get(name);
  if (known) return known;
  const type = line.slice(line.lastIndexOf(" ") + 1);
  const made: Family = { head: [line], type, samples: new Map() };
  into.set(name, made);
  return made;
}

function isCount({ type }: Family): boolean {
  return type === "counter" || type === "histogram";
}

function addSample(family: Family, name: string, line: string): void {
  const space = line.lastIndexOf(" ");
  const series = line.slice(0, space);
  const value = Number(line.slice(space + 1));
  const before = family.samples.get(series);
  family.samples.set(series, before === undefined ? value : together(family, name, before, value));
}

function together(family: Family, name: string, a: number, b: number): number {
  if (isCount(family)) return a + b;
  if (family.type === "info") return Math.max(a, b);
  const policy = gaugePolicies[name];
  if (policy === "max") return Math.max(a, b);
  if (policy === "min") return Math.min(a, b);
  if (policy !== "state") return a + b;
  if (a === stateUnknown || b === stateUnknown) return Math.min(a, b);
  return Math.max(a, b);
}
