import { hash } from "node:crypto";
import {
  buildManifest,
  canonicalJson,
  type Claim,
  createChain,
  type EvidenceRecord,
  fold,
  manifestText,
  type Observation,
  planDigest,
  planFileText,
  recordLine,
  type RunPlan,
} from "@loadline/contract";

/** SHA-256 as lower-case hex. */
export const sha256 = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

const shared = {
  parts: ["all"],
  confidence: 0.95,
  required: true,
  category: "Performance & Capacity",
  rationale: "a promise to users",
} as const;

const claims: readonly Claim[] = [
  { ...shared, id: "http.up", kind: "predicate", of: "probe", statement: "it answers" },
  {
    ...shared,
    id: "load.success",
    kind: "proportion",
    of: "load",
    target: 0.99,
    statement: "success >= 99 % in this window",
  },
];

const toolVersion = "0.1.0";
const by = { id: "load", version: toolVersion, digest: "" };
const base = { by, target: "http://127.0.0.1:8080/v1", provenance: "measured" } as const;

/** What a long run leaves behind: mostly slices of load, some probes and tallies. */
function observation(index: number): Observation {
  const second = index % 86_400;
  if (index % 10 === 0) {
    const data = { stream: "probe", part: "all", ok: true, seen: `status 200 in ${index % 97} ms` };
    return { ...base, kind: "observation", claims: ["http.up"], data };
  }
  if (index % 10 === 5) {
    const counts = { n: 20, bad: 0, undefined: 0, badBy: {} };
    const data = { stream: "load", part: "all", slices: [[20, 0]], sliceMs: 1_000, ...counts };
    return { ...base, kind: "sample.tally", claims: ["load.success"], data };
  }
  const times = { p99Ms: 12.5 + (index % 31) / 8, maxMs: 40.25 + (index % 13) };
  const heat = Array.from({ length: 6 }, (_, i) => [4.5 * (i + 1), (index + i) % 7]);
  const counts = { due: 20, ok: 20, bad: 0, inFlight: 1, sliceMs: 1_000, heat };
  const data = { scenario: "chat", slice: second, ...counts, ...times };
  return { ...base, kind: "load.slice", claims: [], data };
}

/** A closed bundle of `count` records, as files by path. */
export function makeBundle(count: number): ReadonlyMap<string, Uint8Array> {
  const plan: RunPlan = {
    schema: "loadline-plan/v1",
    profile: "quick",
    target: { name: "bench", baseUrl: "http://127.0.0.1:8080/v1" },
    confidence: 0.95,
    maxWaived: 3,
    budgetMinutes: 1,
    claims,
    stages: {},
  };
  const digest = planDigest(plan, sha256);
  const chain = createChain({ run: "bench", planDigest: digest, digest: sha256 });
  const records: EvidenceRecord[] = [];
  const startMs = Date.UTC(2026, 0, 1);
  const add = (o: Observation): void => {
    const monoMs = records.length * 10;
    records.push(chain.append(o, new Date(startMs + monoMs).toISOString(), monoMs));
  };
  add({ ...base, kind: "run.started", claims: [], data: { planDigest: digest, toolVersion } });
  for (let i = 0; i < count - 4; i++) add(observation(i));
  for (const stream of ["probe", "load"]) {
    add({ ...base, kind: "sample.closed", claims: [], data: { stream, part: "all" } });
  }
  add({ ...base, kind: "run.closed", claims: [], data: { reason: "done" } });
  const verdict = fold(plan, records, {
    chainHead: chain.head(),
    planDigest: digest,
    now: "2026-01-01T00:00:00.000Z",
  });
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const files = new Map<string, Uint8Array>([
    ["evidence.jsonl", encode(records.map(recordLine).join(""))],
    ["plan.json", encode(planFileText(plan))],
    ["verdict.json", encode(`${canonicalJson(verdict)}\n`)],
  ]);
  const manifest = buildManifest({
    run: verdict.run,
    toolVersion,
    planDigest: digest,
    recordCount: records.length,
    chainHead: verdict.chainHead,
    files,
    digest: sha256,
  });
  return files.set("manifest.json", encode(manifestText(manifest)));
}
