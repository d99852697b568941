/** An objective about the times that a histogram counts. */
export function latencySlo(id: string, under: string, histogram: string): object {
  return {
    id,
    service: "gateway",
    sli: { kind: "latency", under, histogram },
    objective: 0.99,
    window: "30d",
    runbook: "https://runbooks.example.org",
  };
}

/** A file of objectives. */
export const sloText = (...slos: readonly object[]): string =>
  JSON.stringify({ schema: "loadline-slo/v1", slos });
