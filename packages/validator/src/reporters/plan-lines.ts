import type { ReportModel } from "@loadline/contract";
import { type Document, isMap, isSeq, LineCounter, parseDocument } from "yaml";
import { lineOf } from "../plan/yaml-problems.ts";

/** Where a claim stands in the plan file as given: name of the file, 1-based line. */
export interface PlanPlace {
  readonly uri: "plan.yaml" | "plan.json";
  readonly startLine: number;
}

type Path = readonly PropertyKey[];

/** Ids of a list of the plan file, with where each stands. */
function idsIn(document: Document, list: string): (readonly [string, Path])[] {
  const found = document.getIn([list], true);
  const items: readonly unknown[] = isSeq(found) ? found.items : [];
  return items.flatMap((one, at) => {
    const id: unknown = isMap(one) ? one.get("id") : undefined;
    return typeof id === "string" ? [[id, [list, at, "id"]] as const] : [];
  });
}

/** What a stage makes of a part of the plan stands where that part does. */
function originOf(document: Document, stream: string): Path {
  const [stage = "", name = ""] = stream.split(".");
  if (stage === "stack") return name === "edge" ? ["stack", "edges"] : ["stack", "services", name];
  if (stage === "load") return ["load"];
  if (stage === "slo") return ["slo"];
  if (stage !== "probe") return ["profile"];
  return document.has("targets") ? ["targets", name] : ["target"];
}

/**
 * Finds claims, the use and the gates in the text of the plan. A claim that a stage made stands at the
 * part of the plan it was made of; what has no such part is at the first line.
 */
export function planPlaces(model: ReportModel): (claim: string) => PlanPlace {
  const { text, claims } = model.plan;
  const uri = text.startsWith("{") ? "plan.json" : "plan.yaml";
  const first: PlanPlace = { uri, startLine: 1 };
  if (!text.trimEnd().includes("\n")) return () => first;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "silent" });
  if (document.errors.length > 0 || !isMap(document.contents)) return () => first;
  const written = new Map<string, Path>([
    ...idsIn(document, "claims"),
    ...idsIn(document, "gates").map(([id, path]) => [`gate.${id}`, path] as const),
  ]);
  const streams = new Map(claims.map(({ id, of }) => [id, of]));
  const pathOf = (claim: string): Path => {
    const own = written.get(claim);
    if (own !== undefined) return own;
    if (claim.startsWith("gate.")) return ["gates"];
    if (claim.startsWith("use.")) return ["use"];
    const stream = streams.get(claim);
    return stream === undefined ? [] : originOf(document, stream);
  };
  return (claim) => ({ uri, startLine: lineOf(document, lines, pathOf(claim)) });
}

/** Version of the tool that made the run, as its first record says; "" when it is not there. */
export function toolVersionOf(model: ReportModel): string {
  const started = model.records.find(({ kind }) => kind === "run.started");
  const version = started?.data["toolVersion"];
  return typeof version === "string" ? version : "";
}
