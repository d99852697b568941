/** A small run, made the way a stage makes one; for tests of this package. */
import { createHash } from "node:crypto";
import type { Claim, ClaimVerdict, VerdictDocument } from "../src/browser.ts";
import {
  buildManifest,
  canonicalJson,
  manifestText,
  planFileText,
  recordLine,
} from "../src/browser.ts";
import type { Waiver } from "../src/waiver/waiver.ts";
import {
  miniClaim,
  miniPlan,
  type MiniRun,
  spreadSlices,
  startMiniRun,
} from "../src/sabotage/mini-run.ts";

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");
export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export const makeClaim = miniClaim;
export const makePlan = miniPlan;
export const spread = spreadSlices;
export type TestRun = MiniRun;
export const startRun = (
  claims: readonly Claim[],
  run = "run-1",
  started: Readonly<Record<string, unknown>> = {},
): TestRun => startMiniRun(claims, { digest: sha256, run, started });

/** The claim of a run that has one. */
export function only(document: VerdictDocument): ClaimVerdict {
  const [claim] = document.claims;
  if (!claim) throw new Error("no claim");
  return claim;
}

/** What the fold says of one claim after a run in which `act` happened. */
export function judge(claim: Claim, act: (run: TestRun) => void): ClaimVerdict {
  const run = startRun([claim]);
  act(run);
  run.end();
  return only(run.fold());
}

export const short = ({ verdict, reason }: ClaimVerdict): string => `${verdict} ${reason ?? "-"}`;

/** A waiver that holds in a run of April 2026, of these fields else. */
export function makeWaiver(over: Partial<Waiver> & Pick<Waiver, "claim" | "covers">): Waiver {
  return {
    reason: "Known and accepted until the next release.",
    owner: "R. Owner",
    approvedBy: "A. Approver",
    created: "2026-04-01",
    expires: "2026-05-01",
    target: "simulator",
    link: "OPS-12",
    ...over,
  };
}

export interface TestBundle {
  readonly files: Map<string, Uint8Array>;
  readonly run: TestRun;
}

const bundleClaims = [
  makeClaim({ id: "http.up", kind: "predicate" }),
  makeClaim({ id: "chat.success", kind: "proportion", target: 0.99 }),
  makeClaim({ id: "chat.p99", kind: "quantile", target: 0.9, limit: 2_000, unit: "ms" }),
];

/** A READY run with one claim of three kinds and one artifact, closed and listed. */
export function makeBundle(planText?: string): TestBundle {
  const given = planText === undefined ? null : encode(planText);
  const planFile = given === null ? {} : { planFile: { name: "plan.yaml", digest: sha256(given) } };
  const run = startRun(bundleClaims, "run-1", planFile);
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
  if (given !== null) files.set("plan.yaml", given);
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
