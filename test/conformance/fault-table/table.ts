import type { Clock } from "@loadline/kit/clock";
import { behaviours, type FaultUpstream } from "@loadline/testkit";
import { judgeBooks } from "./books.ts";
import { isOfTime, judge } from "./judge.ts";
import { type Ask, observe, type Observed } from "./observe.ts";
import type { Expected, Row } from "./rows.ts";
import { type Stalls, watchStalls } from "./stalls.ts";
import type { Subject, Variant } from "./subject.ts";

export interface Table {
  readonly clock: Clock;
  readonly subject: Subject;
  readonly upstreams: { readonly a: FaultUpstream; readonly b: FaultUpstream };
  /** First-byte, first-content and idle timer of the gateway, ms. */
  readonly timerMs: number;
  readonly times: number;
  /** Rounds of one repetition at most, where the machine spoiled those before; default 5. */
  readonly rounds?: number;
  /** Ends a mode with its first repetition that is not as the table says. */
  readonly isBrief?: boolean;
  /** How far an end may be from its timer, ms; default 100. */
  readonly slackMs?: number;
  /** Asks in the place of a raw request; rows with a body of their own are not examined then. */
  readonly observe?: (ask: Ask) => Promise<Observed>;
}

/** What a row showed, for streams or for whole answers. */
export interface Outcome {
  readonly row: string;
  readonly mode: "plain" | "stream";
  readonly does: string;
  /** `NOT TESTED`: this gateway cannot be set up so. */
  readonly verdict: "pass" | "fail" | "NOT TESTED";
  readonly passed: number;
  readonly times: number;
  /** What was wrong, each with how often. */
  readonly problems: Readonly<Record<string, number>>;
}

/** Until a connection that is to be closed is; how late it was is judged apart. */
const settleMs = 5000;
const roundsMax = 5;
/** A machine that held anything up for longer may be what a round shows. */
const stallMsMax = 25;
/** A timer of a gateway lets an answer pass that takes so many turns of this process, each held up. */
const turnsOfAnswer = 8;
const variantsInHurry: ReadonlySet<Variant> = new Set(["timed", "tls", "keep-alive"]);
const leaveAfterMs = 100;
const pollMs = 5;
const timerSlackMs = 100;
/** Beyond the timers: what a Retry-After of the table and a busy machine may take. */
const patienceMs = 3000;

/** Runs one row in both modes, `times` times each. */
export async function runRow(table: Table, row: Row): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const mode of ["plain", "stream"] as const) {
    const expected = row[mode];
    if (expected) outcomes.push(await runMode(table, row, mode, expected));
  }
  return outcomes;
}

async function runMode(
  table: Table,
  row: Row,
  mode: "plain" | "stream",
  expected: Expected,
): Promise<Outcome> {
  const { subject, times } = table;
  const base = { row: row.id, mode, does: row.does };
  const problems: Record<string, number> = {};
  if (!canAsk(table, row)) return { ...base, verdict: "NOT TESTED", passed: 0, times: 0, problems };
  let passed = 0;
  let counted = 0;
  // Ten planned failures are too few to open a breaker, those of two rows may not be.
  await subject.fresh?.(row.variant);
  for (let i = 0; i < times; i++) {
    if (i > 0 && (await rest(table, row))) counted = 0;
    const { found, asked } = await repetition(table, row, mode === "stream", expected);
    counted = asked === 1 ? counted + 1 : 1;
    if (found.length === 0) passed++;
    count(problems, found);
    if (table.isBrief && found.length > 0) break;
  }
  const books = await subject.metrics?.(row.variant);
  const booked = books === undefined ? [] : judgeBooks(books, expected, counted);
  for (const problem of booked) problems[problem] = 1;
  if (booked.length > 0) passed = Math.min(passed, times - 1);
  const verdict = passed === times ? "pass" : "fail";
  return { ...base, verdict, passed, times, problems };
}

function count(problems: Record<string, number>, found: readonly string[]): void {
  for (const problem of found) problems[problem] = (problems[problem] ?? 0) + 1;
}

/** The gateway can be set up so, and the client can send such a body. */
function canAsk({ subject, observe: client }: Table, row: Row): boolean {
  return subject.endpoint(row.variant) !== undefined && (!client || row.body === undefined);
}

/** Lets cooled keys warm up again; true when the books began anew. */
async function rest({ subject, clock }: Table, row: Row): Promise<boolean> {
  if (row.restMs === undefined) return false;
  if (!subject.fresh) await clock.sleep(row.restMs);
  await subject.fresh?.(row.variant);
  return subject.fresh !== undefined;
}

/**
 * One repetition: the first round that is as the table says or whose problems are not the machine's,
 * else the last. Books begin anew with a second one.
 */
async function repetition(
  table: Table,
  row: Row,
  isStream: boolean,
  expected: Expected,
): Promise<{ readonly found: readonly string[]; readonly asked: number }> {
  const { clock, subject, rounds = roundsMax } = table;
  for (let asked = 1; ; asked++) {
    using stalls = watchStalls(clock);
    const found = await runOnce(table, row, isStream, expected);
    if (asked >= rounds || !mayBeMachine(table, row, found, stalls)) return { found, asked };
    process.stderr.write(
      `row ${row.id} is asked again, the machine was busy: ${found.join("; ")}\n`,
    );
    if (row.restMs !== undefined && !subject.fresh) await clock.sleep(row.restMs);
    await subject.fresh?.(row.variant);
  }
}

/** What came late may have waited for a CPU; anything else only where that let a timer pass. */
function mayBeMachine(
  { timerMs }: Table,
  row: Row,
  found: readonly string[],
  stalls: Stalls,
): boolean {
  if (found.length === 0) return false;
  if (found.every(isOfTime)) return stalls.worstMs() >= stallMsMax;
  return variantsInHurry.has(row.variant) && stalls.heldMs() >= timerMs / turnsOfAnswer;
}

async function runOnce(
  table: Table,
  row: Row,
  isStream: boolean,
  expected: Expected,
): Promise<string[]> {
  const { clock, subject, timerMs } = table;
  const { a, b } = table.upstreams;
  const endpoint = subject.endpoint(row.variant);
  if (!endpoint) return ["NOT TESTED"];
  await a.behave(behaviours[row.a], row.isOnce ? 1 : undefined);
  await b.behave(behaviours[row.b ?? "good"]);
  a.forget();
  b.forget();
  const observed = await (table.observe ?? observe)({
    endpoint,
    clock,
    isStream,
    body: bodyOf(row, endpoint.model, isStream),
    timeoutMs: giveUpMs(table),
    ...(row.leavesAt && { leave: leaving(table, row.leavesAt) }),
  });
  const isLeft = row.leavesAt !== undefined;
  const watched = row.leavesAt === "b" ? b : a;
  const mustClose = isLeft || expected.timers !== undefined;
  // A judged connection gets its time to close before it is judged.
  if (mustClose) {
    await until(clock, settleMs, () => watched.seen.every((seen) => seen.closedMs >= 0));
  }
  return judge({
    expected,
    isStream,
    isLoadline: subject.isLoadline,
    timerMs,
    slackMs: table.slackMs ?? timerSlackMs,
    observed,
    seenByA: a.seen,
    seenByB: b.seen,
    leftAt: row.leavesAt,
  });
}

/** Resolves when the client is to leave: the upstream has worked for a moment. */
async function leaving(table: Table, at: "a" | "b"): Promise<void> {
  const { clock, upstreams } = table;
  await until(clock, giveUpMs(table), () => upstreams[at].seen.length > 0);
  await clock.sleep(leaveAfterMs);
}

/** When an answer that does not come is given up: silence is a result as well. */
function giveUpMs({ timerMs }: Table): number {
  return 3 * timerMs + patienceMs;
}

/** Waits until it holds, at most so long. */
async function until(clock: Clock, deadlineMs: number, holds: () => boolean): Promise<void> {
  const endMs = clock.monotonicMs() + deadlineMs;
  while (!holds() && clock.monotonicMs() < endMs) await clock.sleep(pollMs);
}

function bodyOf(row: Row, model: string, isStream: boolean): string {
  const usual = '{"model":"{model}","stream":{stream},"messages":[{"role":"user","content":"hi"}]}';
  return (row.body ?? usual).replaceAll("{model}", model).replace("{stream}", String(isStream));
}
