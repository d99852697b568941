import type { Claim } from "../claim.ts";
import { createChain } from "../evidence/chain.ts";
import type { Digest } from "../evidence/digest.ts";
import type { EvidenceRecord, Observation, RecordData } from "../evidence/record.ts";
import { fold } from "../fold.ts";
import { planDigest, type RunPlan } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";

const startTime = Date.UTC(2026, 3, 12, 10, 15);

/** A claim with everything a case does not care about filled in; `of` is the stream `stream`. */
export function miniClaim(overrides: Partial<Claim> & Pick<Claim, "id" | "kind">): Claim {
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

/** The plan of a mini run. */
export function miniPlan(claims: readonly Claim[]): RunPlan {
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

/** A record log made by hand the way a stage makes one: chained, folded, nothing else. */
export interface MiniRun {
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

/** Starts a mini run at a fixed time, 100 ms a record. */
export function startMiniRun(
  claims: readonly Claim[],
  o: {
    readonly digest: Digest;
    readonly run?: string;
    /** Further keys of the first record. */
    readonly started?: RecordData;
    /** Further keys of the plan. */
    readonly plan?: Partial<RunPlan>;
  },
): MiniRun {
  const plan = { ...miniPlan(claims), ...o.plan, claims };
  const digest = planDigest(plan, o.digest);
  const chain = createChain({ run: o.run ?? "run-1", planDigest: digest, digest: o.digest });
  const records: EvidenceRecord[] = [];
  const by = { id: "probe.mini", version: "1", digest: "" };
  const made: MiniRun = {
    plan,
    records,
    add(one) {
      const mono = records.length * 100;
      const at = new Date(startTime + mono).toISOString();
      const rest = { claims: [], target: "simulator", provenance: "measured" as const, by };
      const record = chain.append({ ...rest, ...one }, at, mono);
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
  made.add({
    kind: "run.started",
    data: { planDigest: digest, toolVersion: "0.1.0", ...o.started },
  });
  return made;
}

/** n events over `slices` seconds, the bad ones alone in far-apart slices. */
export function spreadSlices(n: number, bad: number, slices = 60): [number, number][] {
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
