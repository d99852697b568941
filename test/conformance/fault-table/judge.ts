import { contentOf, type Seen } from "@loadline/testkit";
import { codeOf, type Observed, readStream, type StreamSeen } from "./observe.ts";
import type { Expected, Range } from "./rows.ts";

export interface Scene {
  readonly expected: Expected;
  readonly isStream: boolean;
  readonly isLoadline: boolean;
  readonly timerMs: number;
  readonly slackMs: number;
  readonly observed: Observed;
  readonly seenByA: readonly Seen[];
  readonly seenByB: readonly Seen[];
  /** The upstream that worked when the client left. */
  readonly leftAt: "a" | "b" | undefined;
}

const wholeChunks = 12;
const closeMs = 100;
/** No machine is so busy that a timer fires before its time. */
const earlyMsMax = 100;
const tooMany = 429;
const endedLate = "ended after";
const closedLate = "A was closed too late";
const toldLate = "an upstream was told too late";

/** Everything about one request that is not as the table says; empty: as it says. */
export function judge(scene: Scene): string[] {
  const { expected, observed } = scene;
  const problems = [
    ...judgeHits("A", scene.seenByA.length, expected.hits.a),
    ...judgeHits("B", scene.seenByB.length, expected.hits.b),
    ...judgeTime(scene),
  ];
  if (expected.answer === "left") return [...problems, ...judgeLeft(scene)];
  if (!isStatusRight(scene)) problems.push(`status ${observed.status}`);
  else problems.push(...judgeAnswer(scene));
  if (scene.isLoadline) problems.push(...judgeOwn(scene));
  return problems;
}

/** Which 5xx an upstream's death is, is our choice: of others any is right, and any 4xx for 400. */
function isStatusRight({ expected, observed, isLoadline }: Scene): boolean {
  const { status, answer } = expected;
  if (observed.status === status) return true;
  if (isLoadline || answer !== "error" || status === tooMany) return false;
  return Math.floor(observed.status / 100) === Math.floor(status / 100);
}

function judgeHits(name: string, hits: number, [least, most]: Range): string[] {
  return hits >= least && hits <= most ? [] : [`${hits} hits at ${name}`];
}

/** The end is where the timer puts it, later by a busy machine but never early, and closes A. */
function judgeTime({ expected, observed, timerMs, slackMs, seenByA }: Scene): string[] {
  if (expected.timers === undefined) return [];
  const problems: string[] = [];
  const lateMs = observed.ms - expected.timers * timerMs;
  if (lateMs < -earlyMsMax) problems.push(`ended early, ${Math.round(observed.ms)} ms`);
  if (lateMs > slackMs) problems.push(`${endedLate} ${Math.round(observed.ms)} ms`);
  if (seenByA.some((seen) => seen.closedMs < 0)) problems.push("A was left open");
  else if (seenByA.some((seen) => seen.closedMs > observed.endMs + slackMs))
    problems.push(closedLate);
  return problems;
}

/** Whether a busy machine makes such a problem; any other only where it lets a timer pass. */
export function isOfTime(problem: string): boolean {
  return problem.startsWith(endedLate) || problem === closedLate || problem === toldLate;
}

function judgeLeft({ observed, leftAt, seenByA, seenByB }: Scene): string[] {
  const late = (leftAt === "b" ? seenByB : seenByA).filter(
    (seen) => seen.closedMs < 0 || seen.closedMs - observed.leftMs > closeMs,
  );
  return late.map(lateText);
}

function lateText(seen: Seen): string {
  return seen.closedMs < 0 ? "an upstream was not told" : toldLate;
}

function judgeAnswer(scene: Scene): string[] {
  const { expected, observed, isStream } = scene;
  if (expected.answer === "error") return judgeError(scene);
  if (!isStream) return judgeWhole(observed, expected.answer);
  const seen = readStream(observed.text);
  if (expected.answer === "cut" || expected.answer === "resumed") {
    return judgeCut(seen, expected, observed.hidesComments === true);
  }
  const letter = expected.answer === "B" ? "b" : "a";
  const problems: string[] = [];
  if (seen.words.join(" ") !== wordsOf(letter, wholeChunks)) problems.push(wrongWords(seen));
  if (!seen.isDone || seen.last !== "done") problems.push("no end marker");
  if (seen.errors > 0) problems.push("an error event");
  if (!observed.isComplete) problems.push("broken off");
  return problems;
}

function judgeError({ expected, observed }: Scene): string[] {
  const isJson = String(observed.headers["content-type"]).startsWith("application/json");
  const problems = isJson && observed.text.includes('"error"') ? [] : ["no JSON error"];
  const retryAfter = observed.headers["retry-after"];
  if (expected.retryAfter === undefined || retryAfter === String(expected.retryAfter))
    return problems;
  return [...problems, `Retry-After ${String(retryAfter)}`];
}

function judgeWhole(observed: Observed, answer: string): string[] {
  const letter = answer === "B" ? "b" : "a";
  const isWhole = observed.isComplete && observed.text.includes(contentOf(letter, wholeChunks));
  return isWhole ? [] : [`not the answer of ${answer}`];
}

function judgeCut(seen: StreamSeen, expected: Expected, hidesComments: boolean): string[] {
  const problems: string[] = [];
  const chunks = expected.chunks ?? 0;
  const words = wordsOf("a", chunks);
  const more = expected.answer === "resumed" ? ` ${wordsOf("b", chunks)}` : "";
  if (seen.words.join(" ") !== words + more) problems.push(wrongWords(seen));
  if (seen.isDone) problems.push("a false [DONE]");
  if (seen.errors === 0) problems.push("a silent end");
  else if (seen.errors > 1 || seen.last !== "error") problems.push("something after the error");
  if (expected.answer === "resumed" && !hidesComments) {
    const isSaid = seen.comments.some((text) => /^resumed target=\w+ after=\d+$/.test(text));
    if (!isSaid) problems.push("no word about the resume");
  }
  return problems;
}

/** Loadline's own promises: codes, the attempts listed, the headers. */
function judgeOwn({ expected, observed }: Scene): string[] {
  const isCut = expected.answer === "cut" || expected.answer === "resumed";
  const code = isCut ? readStream(observed.text).code : codeOf(observed.text);
  const problems = [...judgeOwnHeaders(expected, observed)];
  if (expected.codes && !expected.codes.includes(code)) problems.push(`code ${code || "absent"}`);
  if (isCut && !/"requestId":"req_[0-9a-f]{24}"/.test(observed.text))
    problems.push("no request id in the error event");
  return problems;
}

function judgeOwnHeaders({ answer, usage }: Expected, { headers }: Observed): string[] {
  const wanted: Record<string, string | undefined> = {
    "x-loadline-attempts": answer === "B" ? "2" : undefined,
    "x-loadline-target": answer === "B" ? "b" : undefined,
    "x-loadline-resume": answer === "resumed" ? "armed" : undefined,
    "x-loadline-usage": usage,
  };
  return Object.entries(wanted)
    .filter(([name, value]) => value !== undefined && headers[name] !== value)
    .map(([name, value]) => `${name} not ${value ?? ""}`);
}

function wordsOf(letter: string, count: number): string {
  return contentOf(letter, count).trim();
}

function wrongWords(seen: StreamSeen): string {
  const kinds = new Set(seen.words.map((word) => word.charAt(0)));
  return `${seen.words.length} chunks of ${[...kinds].join("+") || "nobody"}`;
}
