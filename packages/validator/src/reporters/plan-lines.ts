import type { ReportModel } from "@loadline/contract";

/** Where a claim stands in the plan file as given: name of the file, 1-based line. */
export interface PlanPlace {
  readonly uri: "plan.yaml" | "plan.json";
  readonly startLine: number;
}

/** Finds claims in the text of the plan; one that is not written there is at its first line. */
export function planPlaces(model: ReportModel): (claim: string) => PlanPlace {
  const lines = model.plan.text.split("\n");
  const uri = lines[0]?.startsWith("{") === true ? "plan.json" : "plan.yaml";
  const byId = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const id = /^[\s-]*"?(?:id|claim)"?:\s*["']?([a-z0-9_.-]+)/.exec(line)?.[1];
    if (id !== undefined && !byId.has(id)) byId.set(id, index + 1);
  }
  return (claim) => ({ uri, startLine: byId.get(claim) ?? 1 });
}

/** Version of the tool that made the run, as its first record says; "" when it is not there. */
export function toolVersionOf(model: ReportModel): string {
  const started = model.records.find(({ kind }) => kind === "run.started");
  const version = started?.data["toolVersion"];
  return typeof version === "string" ? version : "";
}
