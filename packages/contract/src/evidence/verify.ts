/** Anyone, anywhere, later: does this bundle say what its evidence says? */
import { targetBytes } from "../attestation/statement.ts";
import {
  type SignaturePolicy,
  type SignatureRow,
  verifyAttestations,
} from "../attestation/verify-attestations.ts";
import type { ContractCode } from "../errors.ts";
import type { Outcome } from "../verdict.ts";
import { describeWaivers } from "../waiver/lay-over.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type AsyncDigest, toBytes } from "./digest.ts";
import {
  evidencePath,
  isPlanSource,
  manifestPath,
  planPath,
  readManifest,
  verdictPath,
} from "./manifest.ts";
import { parseJson, readPlan, readVerdict } from "./read-record.ts";
import { decodeText, type Files, type StepResult } from "./verify-step.ts";
import { verifyChain } from "./verify-chain.ts";
import { type Extractor, verifyArtifacts, verifyFiles, verifyPlan } from "./verify-steps.ts";
import { verifyVerdict } from "./verify-verdict.ts";
import {
  type IsOwnView,
  type LookAtViews,
  nameViews,
  type Renderers,
  renderViews,
} from "./verify-views.ts";

interface EvidenceOptions {
  readonly digest: AsyncDigest;
  readonly extractors?: readonly Extractor[];
  /** Default: no key is known and none is required. */
  readonly signatures?: SignaturePolicy;
  /** UTC day on which somebody reads the bundle; absent: waivers are judged at the run's time only. */
  readonly today?: string;
}

export interface VerifyOptions extends EvidenceOptions {
  /** By file name of the view, e.g. `report.md`; views without a renderer are not checked. */
  readonly renderers?: Renderers;
  /** Views that differ and are not of this build are named, not called edited; default: all are. */
  readonly isOwnView?: IsOwnView;
  /** Whether this very build made the run; default true. Views of another that differ are in doubt. */
  readonly isOwnBuild?: boolean;
}

export interface VerifyStep {
  readonly step: "files" | "chain" | "plan" | "artifacts" | "verdict" | "signature";
  /** null = incomplete or not checked. */
  readonly ok: boolean | null;
  readonly code?: ContractCode;
  readonly message: string;
}

/** exit: 0 intact and equal, 1 tampered or different, 2 incomplete, 3 unreadable. */
export interface VerifyResult {
  readonly exit: 0 | 1 | 2 | 3;
  readonly steps: readonly VerifyStep[];
  /** 0-based, = seq of the record that belongs there. */
  readonly firstBadRecord?: number;
  /** The recomputed outcome; absent when the evidence it would follow from was changed. */
  readonly outcome?: Outcome;
  readonly signatures: readonly SignatureRow[];
  /** Waivers at the run's time, and today on a line of its own; empty without waivers. */
  readonly waivers: readonly string[];
  readonly proves: readonly string[];
  readonly doesNotProve: readonly string[];
}

const unknownOrigin =
  "Who made the bundle: no known key signed it, so it may have been made again from the start.";
const honesty = "That the observer was honest, or that the target is the same today.";
const doesNotProve: readonly string[] = [unknownOrigin, honesty];

function step(name: VerifyStep["step"], r: StepResult): VerifyStep {
  const code = r.code === undefined ? {} : { code: r.code };
  return { step: name, ok: r.ok, ...code, message: r.message };
}

function unreadable(message: string): VerifyResult {
  const files: VerifyStep = { step: "files", ok: false, code: "LL_VERIFY_FILE", message };
  return { exit: 3, steps: [files], signatures: [], waivers: [], proves: [], doesNotProve };
}

/** A plan that a readable manifest lists with other bytes was changed. */
function withoutPlan(files: VerifyStep, isManifestUnread: boolean): VerifyResult {
  const isChanged = files.ok === false && !isManifestUnread;
  return { ...unreadable("plan.json is not a plan."), exit: isChanged ? 1 : 3 };
}

/**
 * An unsigned bundle is whole; where a signature is required it is incomplete. What nobody can read
 * says nothing of the files, so only another step shows that something was changed.
 */
function exitOf(
  steps: readonly VerifyStep[],
  o: { readonly lacksSignature: boolean; readonly isManifestUnread: boolean },
): VerifyResult["exit"] {
  const bad = steps.filter(({ ok }) => ok === false).map(({ step: name }) => name);
  if (o.isManifestUnread && bad.every((name) => name === "files")) return 3;
  if (bad.length > 0) return 1;
  const isOpen = steps.some(({ ok, step: name }) => ok === null && name !== "signature");
  return isOpen || o.lacksSignature ? 2 : 0;
}

function provenBy(exit: number, signed: boolean): string[] {
  if (exit !== 0) return [];
  const whole = "Nothing changed after the chain head was fixed; the verdict follows from it.";
  return signed ? [whole, "The holders of the named keys fixed this chain head."] : [whole];
}

/** The plan file as it was given, when the bundle has it; else `plan.json`. */
export function planSourceText(files: Files): string {
  const given = [...files.keys()].filter(isPlanSource);
  const bytes = files.get(given.sort()[0] ?? planPath) ?? files.get(planPath);
  return bytes ? decodeText(bytes) : "";
}

/**
 * Checks a bundle given as files by path inside the run directory. Never throws for bad data.
 * All steps run even after one has failed, so the first bad record is always named.
 */
export function verifyBundle(files: Files, o: VerifyOptions): Promise<VerifyResult> {
  const { renderers = {}, isOwnView = () => true, isOwnBuild = true } = o;
  return verify(files, o, renderViews({ renderers, isOwnView, isOwnBuild }));
}

/** As `verifyBundle`, without what renders views: they are named, not compared. */
export function verifyWithoutViews(files: Files, o: EvidenceOptions): Promise<VerifyResult> {
  return verify(files, o, nameViews);
}

async function verify(
  files: Files,
  o: EvidenceOptions,
  lookAtViews: LookAtViews,
): Promise<VerifyResult> {
  const evidence = files.get(evidencePath);
  const planBytes = files.get(planPath);
  if (!evidence || !planBytes) {
    return unreadable(`${evidence ? planPath : evidencePath} is missing: not a bundle.`);
  }
  const text = (path: string): unknown => parseJson(decodeText(files.get(path) ?? toBytes("")));
  const manifest = readManifest(text(manifestPath));
  const plan = readPlan(text(planPath));
  const stored = readVerdict(text(verdictPath));
  const isManifestUnread = manifest === null && files.has(manifestPath);
  const fileStep = step("files", await verifyFiles(files, manifest, o.digest));
  if (!plan) return withoutPlan(fileStep, isManifestUnread);
  const planDigest = await o.digest(toBytes(canonicalJson(plan)));
  const chain = await verifyChain(evidence, manifest, { planDigest, digest: o.digest });
  const { records } = chain;
  const { digest } = o;
  const known = { files, plan, planDigest, records };
  const planStep = await verifyPlan({ ...known, manifest, verdict: stored, digest });
  const extractors = o.extractors ?? [];
  const artifacts = await verifyArtifacts(files, records, { digest: o.digest, extractors });
  const verdict = verifyVerdict({
    ...known,
    planText: planSourceText(files),
    chainHead: chain.head,
    stored,
    lookAtViews,
  });
  const { recomputed } = verdict;
  const attested = await verifyAttestations(files, {
    document: recomputed,
    targetDigest: await o.digest(targetBytes(recomputed)),
    policy: o.signatures ?? { keys: [] },
  });
  const steps: VerifyStep[] = [
    fileStep,
    step("chain", chain),
    step("plan", planStep),
    step("artifacts", artifacts),
    step("verdict", verdict),
    step("signature", attested),
  ];
  const exit = exitOf(steps, { lacksSignature: attested.isMissing, isManifestUnread });
  const isReadable = exit !== 3 && ![chain, planStep, artifacts].some(({ ok }) => ok === false);
  return {
    exit,
    steps,
    ...(chain.firstBadRecord !== undefined && { firstBadRecord: chain.firstBadRecord }),
    ...(isReadable && { outcome: recomputed.outcome }),
    signatures: attested.signatures,
    waivers: describeWaivers(recomputed.waivers, o.today),
    proves: provenBy(exit, attested.ok === true),
    doesNotProve: attested.ok === true ? [honesty] : doesNotProve,
  };
}
