import type { Clock } from "@loadline/kit/clock";
import { applyParams } from "../body/members.ts";
import { classifyError } from "../upstream/classify.ts";
import { retryAfterMsOf } from "../upstream/retry-after.ts";
import type { FailureClass, UpstreamKey, UpstreamOperation } from "../upstream/upstream.ts";
import type { Target } from "./routes.ts";

export interface ProbeOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly key: UpstreamKey | undefined;
}

const empty = Buffer.alloc(0);
const answerBytesMax = 1024 * 1024;
const messages = [{ role: "user", content: "ping" }];

/** The smallest real request of each operation, cheapest first. */
const smallest: readonly {
  readonly operation: UpstreamOperation;
  body(model: string, boundName: string): unknown;
}[] = [
  { operation: "chat", body: (model, bound) => ({ model, messages, [bound]: 1 }) },
  { operation: "messages", body: (model) => ({ model, messages, max_tokens: 1 }) },
  {
    operation: "generate",
    body: () => ({
      contents: [{ role: "user", parts: [{ text: "ping" }] }],
      generationConfig: { maxOutputTokens: 1 },
    }),
  },
  { operation: "completions", body: (model) => ({ model, prompt: "ping", max_tokens: 1 }) },
  { operation: "responses", body: (model) => ({ model, input: "ping", max_output_tokens: 16 }) },
  { operation: "embeddings", body: (model) => ({ model, input: "ping" }) },
];

/**
 * Whether the upstream answers at all: a GET over a connection of its pool. Any status below 500
 * is an answer. A provider without such a path is asked whether it is ready.
 */
export async function probeCheaply(target: Target, o: ProbeOptions): Promise<boolean> {
  const { provider, upstream } = target;
  if (provider.probe === undefined && provider.paths.probe === undefined) return upstream.isReady();
  const status = await probeStatus(target, o);
  return typeof status === "number" && status < 500;
}

/** The status of the provider's own probe, or what went wrong. */
export async function probeStatus(target: Target, o: ProbeOptions): Promise<number | FailureClass> {
  const result = await callOnce(target, { operation: "probe", body: empty }, o);
  return typeof result === "object" ? result.status : result;
}

/** How a completion ended, and for how long the upstream asked to be left alone, ms. */
export interface DeepProbe {
  readonly outcome: FailureClass | "ok";
  readonly retryAfterMs?: number | undefined;
}

/**
 * A completion of one token, or the smallest request the target serves, asked and judged as a
 * caller's would be. A page under status 200 is no completion.
 */
export async function probeDeeply(target: Target, o: ProbeOptions): Promise<DeepProbe> {
  const { provider, model, upstream } = target;
  const serves = upstream.rules?.serves;
  const found = smallest.find(
    ({ operation }) => provider.paths[operation] && (serves?.includes(operation) ?? true),
  );
  if (!found) return { outcome: "misconfigured" };
  const body = found.body(model, provider.boundName ?? "max_tokens");
  const bytes = Buffer.from(JSON.stringify(body));
  const params = upstream.rules?.params;
  const { operation } = found;
  const request = { operation, body: params ? applyParams(bytes, params) : bytes };
  const answer = await callOnce(target, request, o);
  if (typeof answer === "string") return { outcome: answer };
  const { status, retryAfterMs } = answer;
  if (status < 200 || status > 299) {
    const hasWait = retryAfterMs !== undefined;
    const outcome = classifyError(provider.errors ?? [], status, hasWait, answer.body);
    return { outcome, retryAfterMs };
  }
  const lane = Object.values(target.lanes).find((one) => one.operation === operation);
  const isAnswer = typeof lane?.dialect.readAnswer(answer.body) === "object";
  return { outcome: isAnswer ? "ok" : "bad_body" };
}

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** Empty when it is longer than any answer to a probe. */
  readonly body: Buffer;
}

/** A whole answer, or what went wrong; `timeout` after `timeoutMs`. */
function callOnce(
  target: Target,
  request: { readonly operation: UpstreamOperation; readonly body: Buffer },
  o: ProbeOptions,
): Promise<Answer | FailureClass> {
  return new Promise((resolve) => {
    let status = 0;
    let retryAfterMs: number | undefined;
    let bytes = 0;
    let chunks: Buffer[] = [];
    const settle = (result: Answer | FailureClass): void => {
      timer.cancel();
      resolve(result);
    };
    const timer = o.clock.after(
      o.timeoutMs,
      () => {
        call.abort();
        resolve("timeout");
      },
      { unref: true },
    );
    const call = target.upstream.call(
      { ...request, isStream: false, traceparent: undefined, key: o.key },
      {
        head(code, headers) {
          status = code;
          retryAfterMs = retryAfterMsOf(headers);
        },
        data(chunk) {
          bytes += chunk.length;
          if (bytes > answerBytesMax) chunks = [];
          else chunks.push(chunk);
        },
        end: () => settle({ status, retryAfterMs, body: Buffer.concat(chunks) }),
        fail: (failure) => settle(failure),
      },
    );
  });
}
