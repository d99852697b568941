import type { IncomingHttpHeaders } from "node:http";
import { systemClock } from "@loadline/kit/clock";
import { Pool } from "undici";
import { type LoadPlan, runLoad } from "../../packages/validator/src/load/index.ts";

/** Reads streams for a while and says how many chunks came, and their median time to first token. */
export type StreamSide = (
  url: string,
  durationMs: number,
) => Promise<{ chunks: number; ttftP50Ms: number | null }>;

export const streams = 200;
export const chunksPerStream = 100;
const path = "/v1/chat/completions";
const body = JSON.stringify({
  model: "m",
  messages: [{ role: "user", content: "a" }],
  max_tokens: chunksPerStream,
  stream: true,
});
const headers = { "content-type": "application/json" };

/** Loadline's engine: every event is parsed, counted and stamped. */
export const loadlineStreams: StreamSide = async (baseUrl, durationMs) => {
  const scenario = {
    executor: "constant-vus",
    vus: streams,
    durationMs,
    // In lock-step, as the other sides are: what a client adds to the first token must show.
    startJitterMs: 0,
    request: {
      kind: "chat",
      model: "m",
      prompts: ["a"],
      maxTokens: chunksPerStream,
      stream: true,
    },
  } as const;
  const plan: LoadPlan = {
    target: { baseUrl },
    seed: 7,
    scenarios: { s: scenario },
    limits: [],
    workers: 1,
  };
  let ok = 0;
  let ttftP50Ms: number | null = null;
  for await (const record of runLoad(plan, { clock: systemClock(), engine: "inline" })) {
    if (record.type === "load.ended") ok = record.accounts[0]?.ok ?? 0;
    if (record.type === "series") ttftP50Ms = record.series.ttft[0]?.[1] ?? null;
  }
  return { chunks: ok * chunksPerStream, ttftP50Ms };
};

/** undici's lowest level: the bytes come and are thrown away, nothing is parsed. */
export const dispatchStreams: StreamSide = async (url, durationMs) => {
  const clock = systemClock();
  const pool = new Pool(url, { connections: streams, pipelining: 1 });
  const untilMs = clock.monotonicMs() + durationMs;
  let done = 0;
  const one = (ended: () => void): void => {
    pool.dispatch(
      { path, method: "POST", headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_c: unknown, _status: number, _h: IncomingHttpHeaders) => undefined,
        onResponseData: () => undefined,
        onResponseEnd: () => {
          done++;
          if (clock.monotonicMs() < untilMs) one(ended);
          else ended();
        },
        onResponseError: (_c: unknown, error: Error) => {
          throw error;
        },
      },
    );
  };
  await Promise.all(Array.from({ length: streams }, () => new Promise<void>((end) => one(end))));
  await pool.close();
  return { chunks: done * chunksPerStream, ttftP50Ms: null };
};

/** Node's `fetch` read as text, as scripts do. */
export const fetchStreams: StreamSide = async (url, durationMs) => {
  const clock = systemClock();
  const untilMs = clock.monotonicMs() + durationMs;
  let done = 0;
  const user = async (): Promise<void> => {
    while (clock.monotonicMs() < untilMs) {
      const answer = await fetch(`${url}${path}`, { method: "POST", headers, body });
      const text = answer.body?.pipeThrough(new TextDecoderStream());
      if (text === undefined) throw new Error("an answer without a body");
      let seen = 0;
      for await (const part of text) seen += part.length;
      if (seen > 0) done++;
    }
  };
  await Promise.all(Array.from({ length: streams }, user));
  return { chunks: done * chunksPerStream, ttftP50Ms: null };
};
