import type { Clock } from "@loadline/kit/clock";
import { createHttp1Pool } from "@loadline/kit/http1";
import { parseJson } from "@loadline/kit/json";
import { listOf, recordOf, textOf } from "../dialects/json.ts";
import type { Door } from "./door.ts";
import { probeModel } from "./pass.ts";

/** What came back; `fault` says why nothing whole did. */
export type ProbeAnswer =
  | { readonly status: number; readonly code: string; readonly content: string }
  | { readonly fault: string };

const answerBytesMax = 65_536;
const body = Buffer.from(
  JSON.stringify({ model: probeModel, messages: [{ role: "user", content: "probe" }] }),
);
/** Names a trace that is not recorded. */
const unsampled = "00-5e1f00000000000000000000000000b0-5e1f0000000000b0-00";

/** One chat completion through a door, within `timeoutMs`. Never rejects. */
export function callThrough(
  door: Door,
  authorization: string,
  o: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ProbeAnswer> {
  const { clock, timeoutMs, signal } = o;
  const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
  const pool = createHttp1Pool({
    connect: () => door.connect(),
    connectionsMax: 1,
    queueMax: 0,
    queueWaitMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
    idleMs: timeoutMs,
    clock,
  });
  const end = (answer: ProbeAnswer): void => resolve(answer);
  const leave = (): void => end({ fault: "closed" });
  const timer = clock.after(timeoutMs, () => end({ fault: `no answer within ${timeoutMs} ms` }), {
    unref: true,
  });
  signal.addEventListener("abort", leave, { once: true });
  const headers = ["host", door.host, "authorization", authorization, "traceparent", unsampled];
  headers.push("content-type", "application/json", "connection", "close");
  let status = 0;
  let text = "";
  const request = { method: "POST", path: "/v1/chat/completions", headers, body };
  pool.request(request, {
    head: (is) => void (status = is),
    data(chunk) {
      if (text.length < answerBytesMax) text += chunk.toString("latin1");
    },
    end: () => end(readAnswer(status, text)),
    fail: (fault, detail) => end({ fault: `${fault}: ${detail}` }),
  });
  return promise.finally(() => {
    timer.cancel();
    signal.removeEventListener("abort", leave);
    pool.close();
  });
}

function readAnswer(status: number, text: string): ProbeAnswer {
  const answer = recordOf(parseJson(text));
  const code = textOf(recordOf(answer["error"])["code"]);
  const content = textOf(recordOf(recordOf(listOf(answer["choices"])[0])["message"])["content"]);
  return { status, code, content };
}
