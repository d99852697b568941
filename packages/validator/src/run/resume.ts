import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import {
  canonicalJson,
  type EvidenceRecord,
  hashInput,
  planDigest,
  readPlan,
  readRecord,
  type RunPlan,
} from "@loadline/contract";
import { isRecord, parseJson } from "@loadline/kit/json";
import { z } from "zod";
import { validatorErrors } from "../errors.ts";
import { readBundle } from "../evidence/read-bundle.ts";
import { sha256 } from "../evidence/sha256.ts";
import { planFileSchema } from "../plan/manifest.ts";
import { parseYaml } from "../plan/yaml-problems.ts";
import type { ResumedRun } from "./record-run.ts";
import type { RunBefore } from "./stage.ts";
import type { ValidationDeps } from "./types.ts";

/** What was seen longer ago says nothing of now. */
const ageMaxMs = 24 * 3_600_000;
const resumesMax = 100;
const artifactName = /^artifacts\/[0-9a-f]{64}$/;

/** An interrupted run, read and found fit to go on. */
export interface Interrupted {
  readonly plan: RunPlan;
  readonly before: RunBefore;
  readonly resumed: ResumedRun;
  readonly planText?: string;
}

function refuse(path: string, why: string): Error {
  return validatorErrors.make("LL_RUN_RESUME", `${path}: ${why}.`);
}

/** The whole records of a log; a torn last line, of a process that died, is left out. */
function readLog(path: string, text: string, firstPrev: string): EvidenceRecord[] {
  const lines = text.split("\n");
  lines.pop();
  let prev = firstPrev;
  return lines.map((line, seq) => {
    const record = readRecord(parseJson(line));
    if (record === null) throw refuse(path, `record ${seq} cannot be read`);
    const { hash, ...open } = record;
    const isNext = record.seq === seq && record.prev === prev;
    if (!isNext || canonicalJson(record) !== line || sha256(hashInput(open)) !== hash) {
      throw refuse(path, `record ${seq} was changed, so the chain cannot go on`);
    }
    prev = hash;
    return record;
  });
}

/** Version and build, as a manifest names both. */
const nameOf = (version: unknown, build: unknown): string =>
  typeof build === "string" ? `${String(version)} of ${build.slice(0, 12)}` : String(version);

function refuseUnfit(path: string, records: readonly EvidenceRecord[], deps: ValidationDeps): void {
  const [first] = records;
  if (first?.kind !== "run.started") throw refuse(path, "nothing was recorded");
  const closed = records.find(({ kind }) => kind === "run.closed");
  if (closed !== undefined && closed.data["reason"] !== "cancelled") {
    throw refuse(path, "the run is over, nothing of it is open");
  }
  const made = nameOf(first.data["toolVersion"], first.data["buildDigest"]);
  const own = nameOf(deps.toolVersion, deps.buildDigest);
  if (made !== own) throw refuse(path, `Loadline ${made} began it, this is ${own}`);
  const ageMs = deps.clock.wallMs() - Date.parse(first.at);
  if (ageMs > ageMaxMs) {
    throw refuse(path, `it began ${Math.round(ageMs / 3_600_000)} h ago, at most 24 h are pooled`);
  }
}

function whatWasDone(records: readonly EvidenceRecord[]): RunBefore {
  const stagesOf = (kind: string, isIt: (record: EvidenceRecord) => boolean): Set<string> =>
    new Set(
      records
        .filter((record) => record.kind === kind && isIt(record))
        .map((record) => String(record.data["stage"])),
    );
  const closed = records.filter(({ kind }) => kind === "sample.closed");
  return {
    finished: stagesOf("stage.ended", ({ data }) => data["finished"] === true),
    begun: stagesOf("stage.started", () => true),
    closed: new Set(closed.map(({ data }) => String(data["stream"]))),
  };
}

/** The plan an interrupted run goes on with. @throws LL_RUN_RESUME, LL_BUNDLE_READ. */
export async function planOfRun(path: string): Promise<RunPlan> {
  const bytes = (await readBundle(path)).get("plan.json");
  const plan =
    bytes === undefined ? null : readPlan(parseJson(Buffer.from(bytes).toString("utf8")));
  if (plan === null) throw refuse(path, "it has no plan");
  return plan;
}

/** What an interrupted run says of who signs it. */
export interface SigningOfRun {
  /** Key files as the plan names them, from its folder. */
  readonly keys: readonly string[];
  /** The plan file as the command named it; null when it named none. */
  readonly planPath: string | null;
}

const planArgument = /^--plan=/;

/** The keys that the plan file of an interrupted run names. @throws LL_BUNDLE_READ */
export async function signingOfRun(path: string): Promise<SigningOfRun> {
  const files = await readBundle(path);
  const textOf = (name: string): string => Buffer.from(files.get(name) ?? []).toString("utf8");
  const { signing } = planFileSchema.shape;
  const read = parseYaml(textOf("plan.yaml"), z.looseObject({ signing }));
  const started = parseJson(textOf("evidence.jsonl").split("\n")[0] ?? "");
  const data = isRecord(started) && isRecord(started["data"]) ? started["data"] : {};
  const given = data["reproduce"];
  const words = Array.isArray(given) ? given.map(String) : [];
  const inline = words.find((word) => planArgument.test(word))?.replace(planArgument, "");
  const at = words.indexOf("--plan");
  const planPath = inline ?? (at < 0 ? undefined : words[at + 1]) ?? null;
  return { keys: read.ok ? (read.data.signing?.keys ?? []) : [], planPath };
}

/** The first free folder beside the others: the old one stays as it is. */
function folderOf(runsDir: string, run: string): string {
  for (let at = 1; at <= resumesMax; at++) {
    const name = `${run}-r${String(at).padStart(3, "0")}`;
    if (!existsSync(join(runsDir, name))) return name;
  }
  throw refuse(run, `it was resumed ${resumesMax} times`);
}

/**
 * Reads a run directory that ended before its stages did. Everything observed stays in the evidence;
 * only the closing record of the interruption is left out, and its digest is told.
 * @throws LL_RUN_RESUME, LL_BUNDLE_READ.
 */
export async function readInterrupted(path: string, deps: ValidationDeps): Promise<Interrupted> {
  const files = await readBundle(path);
  const text = (name: string): string | undefined => {
    const bytes = files.get(name);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
  };
  const plan = readPlan(parseJson(text("plan.json") ?? ""));
  if (plan === null) throw refuse(path, "it has no plan");
  const all = readLog(path, text("evidence.jsonl") ?? "", planDigest(plan, sha256));
  refuseUnfit(path, all, deps);
  const records = all.filter(({ kind }) => kind !== "run.closed");
  const closedAt = all.findIndex(({ kind }) => kind === "run.closed");
  if (closedAt >= 0 && closedAt < all.length - 1) {
    throw refuse(path, "records follow its closing record");
  }
  const before = whatWasDone(records);
  const run = records[0]?.run ?? basename(path);
  const prefix = "artifacts/";
  // A process that was killed while it wrote one leaves a part of it under another name.
  const artifacts = [...files].filter(([name]) => artifactName.test(name));
  const says = {
    from: basename(resolve(path)),
    records: records.length,
    finished: [...before.finished],
    interruptedHead: all.at(-1)?.hash ?? "",
  };
  const planText = text("plan.yaml");
  return {
    plan,
    before,
    ...(planText === undefined ? {} : { planText }),
    resumed: {
      run,
      folder: folderOf(deps.runsDir, run),
      records,
      artifacts: new Map(artifacts.map(([name, bytes]) => [name.slice(prefix.length), bytes])),
      says,
    },
  };
}
