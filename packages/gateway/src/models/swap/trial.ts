import type { Clock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { askHost } from "./ask-host.ts";

export const swapCheckIds = ["file", "memory", "template", "prompts", "latency"] as const;
export type SwapCheckId = (typeof swapCheckIds)[number];

/** One of the five results of a swap; what could not be looked at is `not_tested`, never passed. */
export interface SwapCheck {
  readonly id: SwapCheckId;
  readonly outcome: "passed" | "failed" | "not_tested";
  readonly detail: string;
}

/** What every swap asks, in few words that any chat model can answer. */
export const swapPrompts = [
  "What is a load line?",
  "Say hello in one short sentence.",
  "What is two plus three?",
  "Name one colour.",
  "Is the sky blue? Answer yes or no.",
] as const;

const answerMs = 60_000;
/** What was not tried by then is not: who waits for a swap does not wait longer. */
const trialMaxMs = 600_000;
const roundsOfLatency = 4;
/** An attempt ends after this time once each prompt was asked of both. */
const attemptMs = 60_000;
/** What a busy machine adds is no fault of the model: the quietest attempt counts. */
const attempts = 3;
const slowerMax = 2;

export interface TrialHost {
  readonly socketPath: string;
  readonly modelName: string;
}

export interface TrialDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Template, prompts and the time of answers of a loaded model; those not tried are not tested. */
export async function checkHost(
  host: TrialHost,
  current: TrialHost | undefined,
  { clock, signal }: TrialDeps,
): Promise<readonly SwapCheck[]> {
  const late = new AbortController();
  const reason = new Error(`the checks took longer than ${trialMaxMs / 1000} s`);
  const timer = clock.after(trialMaxMs, () => late.abort(reason), { unref: true });
  const deps = { clock, signal: AbortSignal.any([signal, late.signal]) };
  try {
    const template = await checkTemplate(host, deps);
    const prompts = await checkPrompts(host, deps);
    const latency: SwapCheck =
      prompts.outcome === "passed"
        ? await checkLatency(host, current, deps)
        : { id: "latency", outcome: "not_tested", detail: "the prompts were not answered" };
    return [template, prompts, latency];
  } finally {
    timer.cancel();
  }
}

/** Whether the chat template of a loaded model renders, and renders what it is given. */
export async function checkTemplate(host: TrialHost, deps: TrialDeps): Promise<SwapCheck> {
  const id = "template";
  const tokensOf = async (content: string): Promise<number> => {
    const body = questionTo(host, content);
    const answer = await askHost(host.socketPath, "/apply-template", body, bounded(deps));
    const tokens = isRecord(answer.body) ? answer.body["tokens"] : undefined;
    if (answer.status === 200 && typeof tokens === "number") return tokens;
    throw new Error(`status ${answer.status}: ${errorText(answer.body)}`);
  };
  try {
    const short = await tokensOf(swapPrompts[0]);
    const long = await tokensOf(swapPrompts.join(" "));
    const isRendered = short > 0 && long > short;
    const detail = `${short} tokens of one prompt, ${long} of all five`;
    return { id, outcome: isRendered ? "passed" : "failed", detail };
  } catch (cause) {
    return { id, outcome: "failed", detail: whyNot(cause, deps) };
  }
}

/** Whether each of the five prompts gets text that ends before the context is full. */
export async function checkPrompts(host: TrialHost, deps: TrialDeps): Promise<SwapCheck> {
  const id = "prompts";
  let finished = 0;
  for (const prompt of swapPrompts) {
    const problem = await answerProblem(host, prompt, deps);
    if (problem !== undefined) {
      const asked = JSON.stringify(prompt);
      return { id, outcome: "failed", detail: `${finished} of 5 finished; ${asked}: ${problem}` };
    }
    finished++;
  }
  return { id, outcome: "passed", detail: `${finished} of 5 answered and finished` };
}

/** Compares the time of whole answers, asked in turn of both. */
export async function checkLatency(
  host: TrialHost,
  current: TrialHost | undefined,
  deps: TrialDeps,
): Promise<SwapCheck> {
  const id = "latency";
  if (!current) return { id, outcome: "not_tested", detail: "no model serves to compare with" };
  let best: { ratio: number; detail: string } | undefined;
  for (let i = 0; i < attempts && !(best && best.ratio <= slowerMax); i++) {
    const measured = await compare(host, current, deps);
    if (typeof measured === "string") return { id, outcome: "not_tested", detail: measured };
    if (!best || measured.ratio < best.ratio) best = measured;
  }
  const isPassed = best !== undefined && best.ratio <= slowerMax;
  return { id, outcome: isPassed ? "passed" : "failed", detail: best?.detail ?? "" };
}

/** p95 of both by nearest rank, or why there is none. */
async function compare(
  host: TrialHost,
  current: TrialHost,
  deps: TrialDeps,
): Promise<{ ratio: number; detail: string } | string> {
  const untilMs = deps.clock.monotonicMs() + attemptMs;
  const times: { readonly next: number[]; readonly now: number[] } = { next: [], now: [] };
  for (let round = 0; round < roundsOfLatency; round++) {
    for (const prompt of swapPrompts) {
      for (const [of, at] of [
        [times.now, current],
        [times.next, host],
      ] as const) {
        const startedMs = deps.clock.monotonicMs();
        const problem = await answerProblem(at, prompt, deps);
        if (problem === undefined) of.push(deps.clock.monotonicMs() - startedMs);
        // One whose queue is full says nothing about its speed.
        else if (at === host) return `the new model did not answer: ${problem}`;
      }
    }
    if (deps.clock.monotonicMs() > untilMs) break;
  }
  if (times.now.length < swapPrompts.length)
    return `the model that serves finished ${times.now.length} prompts, 5 are needed`;
  const [next, now] = [p95Of(times.next), p95Of(times.now)];
  const counts = `${times.next.length} and ${times.now.length} answers`;
  const detail = `p95 ${next.toFixed(1)} ms against ${now.toFixed(1)} ms now, ${counts}`;
  return { ratio: next / now, detail };
}

/** Undefined when the prompt got text and the answer ended by itself. */
async function answerProblem(
  host: TrialHost,
  prompt: string,
  deps: TrialDeps,
): Promise<string | undefined> {
  try {
    const body = questionTo(host, prompt);
    const answer = await askHost(host.socketPath, "/v1/chat/completions", body, bounded(deps));
    if (answer.status !== 200) return `status ${answer.status}: ${errorText(answer.body)}`;
    const { text, finish } = choiceOf(answer.body);
    if (text.trim() === "") return "no text";
    return finish === "stop" ? undefined : `it does not finish (${finish})`;
  } catch (cause) {
    return whyNot(cause, deps);
  }
}

function questionTo(host: TrialHost, content: string): unknown {
  return { model: host.modelName, temperature: 0, messages: [{ role: "user", content }] };
}

const bounded = (deps: TrialDeps) => ({ ...deps, timeoutMs: answerMs });

function choiceOf(body: unknown): { text: string; finish: string } {
  const choices = isRecord(body) ? body["choices"] : undefined;
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isRecord(choice) ? choice["message"] : undefined;
  const text = isRecord(message) ? message["content"] : undefined;
  const finish = isRecord(choice) ? choice["finish_reason"] : undefined;
  return { text: typeof text === "string" ? text : "", finish: String(finish) };
}

function errorText(body: unknown): string {
  const error = isRecord(body) ? body["error"] : undefined;
  return isRecord(error) ? String(error["message"]) : "no reason given";
}

/** 0.95 quantile by nearest rank. */
function p95Of(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}

/** What ended a call that was ended here; else what it failed with. */
function whyNot(cause: unknown, { signal }: TrialDeps): string {
  const why: unknown = signal.aborted ? signal.reason : cause;
  return why instanceof Error ? why.message : String(why);
}
