import { statSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "@loadline/kit/json";
import { isRecord } from "../probes/shapes.ts";
import { type EarlierRun, textOf } from "./earlier-runs.ts";

/** More of them are counted, not listed. */
export const changedMax = 30;
/** The evidence of an earlier run is read up to this size. */
const bytesMax = 256 * 1024 * 1024;

/** Within a text no quote stands without a backslash before it. */
const author = /"by":\{"digest":"([0-9a-f]{64})","id":"([^"\\]+)"/g;

/** How a run asks: the build that made it, and its checks. */
export interface AskedBy {
  readonly buildDigest?: string | undefined;
  /** Digests by the id of the check. */
  readonly checks: ReadonlyMap<string, string>;
}

function buildOf(evidence: string): string {
  const first = parseJson(evidence.slice(0, evidence.indexOf("\n")));
  const data = isRecord(first) && isRecord(first["data"]) ? first["data"] : {};
  return typeof data["buildDigest"] === "string" ? data["buildDigest"] : "";
}

const short = (digest: string): string => digest.slice(0, 12);

/** What was asked otherwise than in an earlier run of the same profile, a sentence each, at most 31. */
export function changedSince(
  runsDir: string,
  { run, folder }: Pick<EarlierRun, "run" | "folder">,
  now: AskedBy,
): readonly string[] {
  const path = join(runsDir, folder, "evidence.jsonl");
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > bytesMax) {
    return [`That its checks are those of the run ${run}: its evidence is too long to compare.`];
  }
  const evidence = textOf(path);
  const before = new Map([...evidence.matchAll(author)].map(([, digest, id]) => [id, digest]));
  const changed = [...now.checks].flatMap(([id, digest]) => {
    const from = before.get(id);
    return from === undefined || from === digest
      ? []
      : [`${id} (${short(from)}, now ${short(digest)})`];
  });
  const listed = changed.slice(0, changedMax);
  const sentences = listed.map((check) => `That ${check} asks what it asked in the run ${run}.`);
  const more = changed.length - listed.length;
  const rest = more > 0 ? [`That ${more} more checks ask what they asked in the run ${run}.`] : [];
  return [...buildSentence(run, buildOf(evidence), now.buildDigest ?? ""), ...sentences, ...rest];
}

/** What a check calls is of the build. */
function buildSentence(run: string, before: string, now: string): string[] {
  if (before === now || before === "" || now === "") return [];
  return [
    `That all was asked as in the run ${run}: it was made by the build ${short(before)}, this is ${short(now)}.`,
  ];
}
