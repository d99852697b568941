/** A small run, made the way a stage makes one; for tests of this package. */
import { createHash } from "node:crypto";
import type {
  Claim,
  EvidenceRecord,
  Observation,
  RunPlan,
  VerdictDocument,
} from "../src/browser.ts";
import {
  buildManifest,
  canonicalJson,
  createChain,
  fold,
  manifestText,
  planDigest,
  planFileText,
  recordLine,
} from "../src/browser.ts";

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");
export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export function makeClaim(overrides: Partial<Claim> & Pick<Claim, "id" | "kind">): Claim {
  return {
    statement: `${overrides.id} holds in this window`,
    of: "stream",
    parts: ["all"],
    confidence: 0.95,
    required: true,
    category: "Performance & Capacity",
    rationale: "a promise to users",
    ...overrides,
  };
}

export function makePlan(claims: readonly Claim[]): RunPlan {
  return {
    schema: "loadline-plan/v1",
    profile: "quick",
    target: { name: "simulator", baseUrl: "http://127.0.0.1:9/v1" },
    confidence: 0.95,
    maxWaived: 3,
    budgetMinutes: 1,
    claims,
    stages: {},
  };
}

const startTime = Date.UTC(2026, 3, 12, 10, 15);

export interface TestRun {
  readonly plan: RunPlan;
  readonly records: EvidenceRecord[];
  add(o: Partial<Observation> & Pick<Observation, "kind" | "data">): EvidenceRecord;
  /** One `sample.tally` with slices of one second, bad events spread over them. */
  tally(claim: string, data: Record<string, unknown>): EvidenceRecord;
  observe(claim: string, ok: boolean, part?: string): EvidenceRecord;
  close(part?: string): EvidenceRecord;
  end(reason?: "done" | "cancelled"): EvidenceRecord;
  fold(): VerdictDocument;
}

export function startRun(claims: readonly Claim[], run = "run-1"): TestRun {
  const plan = makePlan(claims);
  const digest = planDigest(plan, sha256);
  const chain = createChain({ run, planDigest: digest, digest: sha256 });
  const records: EvidenceRecord[] = [];
  const by = { id: "test", version: "1", digest: "" };
  const made: TestRun = {
    plan,
    records,
    add(o) {
      const mono = records.length * 100;
      const at = new Date(startTime + mono).toISOString();
      const rest = { claims: [], target: "simulator", provenance: "measured" as const, by };
      const record = chain.append({ ...rest, ...o }, at, mono);
      records.push(record);
      return record;
    },
    tally: (claim, data) =>
      made.add({
        kind: "sample.tally",
        claims: [claim],
        data: { stream: "stream", part: "all", undefined: 0, sliceMs: 1_000, slices: [], ...data },
      }),
    observe: (claim, ok, part = "all") =>
      made.add({
        kind: "observation",
        claims: [claim],
        data: { stream: "stream", part, ok, seen: ok ? "status 200" : "status 500" },
      }),
    close: (part = "all") => made.add({ kind: "sample.closed", data: { stream: "stream", part } }),
    end: (reason = "done") => made.add({ kind: "run.closed", data: { reason } }),
    fold: () =>
      fold(plan, records, {
        chainHead: chain.head(),
        planDigest: digest,
        now: "2026-04-12T10:15:00.000Z",
      }),
  };
  made.add({ kind: "run.started", data: { planDigest: digest, toolVersion: "0.1.0" } });
  return made;
}

/** n events over `slices` seconds, the bad ones alone in far-apart slices. */
export function spread(n: number, bad: number, slices = 60): [number, number][] {
  const rows = Array.from({ length: slices }, (_, i): [number, number] => [
    Math.floor(n / slices) + (i < n % slices ? 1 : 0),
    0,
  ]);
  for (let k = 0; k < bad; k++) {
    const row = rows[Math.floor(((k + 0.5) * slices) / bad)];
    if (row) row[1]++;
  }
  return rows;
}

export interface TestBundle {
  readonly files: Map<string, Uint8Array>;
  readonly run: TestRun;
}

/** A READY run with one claim of three kinds and one artifact, closed and listed. */
export function makeBundle(): TestBundle {
  const run = startRun([
    makeClaim({ id: "http.up", kind: "predicate" }),
    makeClaim({ id: "chat.success", kind: "proportion", target: 0.99 }),
    makeClaim({ id: "chat.p99", kind: "quantile", target: 0.9, limit: 2_000, unit: "ms" }),
  ]);
  const artifact = encode("raw body of a reply");
  run.add({
    kind: "observation",
    claims: ["http.up"],
    data: { stream: "stream", part: "all", ok: true, seen: "status 200" },
    refs: [sha256(artifact)],
    doesNotProve: ["that it answers tomorrow"],
  });
  run.tally("chat.success", { n: 473, bad: 1, slices: spread(473, 1) });
  run.tally("chat.p99", {
    n: 473,
    bad: 1,
    slices: spread(473, 1),
    limitMs: 2_000,
    observedMs: 840,
  });
  run.close();
  run.end();
  const files = new Map<string, Uint8Array>([
    [`artifacts/${sha256(artifact)}`, artifact],
    ["evidence.jsonl", encode(run.records.map(recordLine).join(""))],
    ["plan.json", encode(planFileText(run.plan))],
    ["verdict.json", encode(`${canonicalJson(run.fold())}\n`)],
  ]);
  sealBundle(files, run);
  return { files, run };
}

/** Writes the manifest anew, as someone who tampers without a signing key could. */
export function sealBundle(files: Map<string, Uint8Array>, run: TestRun): void {
  const document = run.fold();
  const manifest = buildManifest({
    run: document.run,
    toolVersion: "0.1.0",
    planDigest: document.planDigest,
    recordCount: run.records.length,
    chainHead: document.chainHead,
    files,
    digest: sha256,
  });
  files.set("manifest.json", encode(manifestText(manifest)));
}
