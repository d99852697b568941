import { type IncomingMessage, request } from "node:http";
import type { Clock } from "@loadline/kit/clock";
import type { Endpoint } from "./subject.ts";

/** What one request showed its client. */
export interface Observed {
  /** 0: no answer at all. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body ended as the protocol says, and was not broken off. */
  readonly isComplete: boolean;
  /** From the request to the end of the answer, ms. */
  readonly ms: number;
  /** Monotonic ms of that end. */
  readonly endMs: number;
  /** Monotonic ms at which the client left; -1: it stayed. */
  readonly leftMs: number;
  /** Seen through a client that shows its caller no comments. */
  readonly hidesComments?: boolean;
}

export interface Ask {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly isStream: boolean;
  readonly body: string;
  /** Leaves when it resolves. */
  readonly leave?: Promise<void>;
  readonly timeoutMs: number;
}

/** Sends one chat request on a connection of its own and keeps all that comes back. */
export function observe(ask: Ask): Promise<Observed> {
  const { clock, endpoint } = ask;
  const startedMs = clock.monotonicMs();
  return new Promise((resolve) => {
    let text = "";
    let answer: IncomingMessage | undefined;
    let leftMs = -1;
    const finish = (isComplete: boolean): void => {
      timer.cancel();
      const endMs = clock.monotonicMs();
      const status = answer?.statusCode ?? 0;
      const headers = answer?.headers ?? {};
      resolve({ status, headers, text, isComplete, ms: endMs - startedMs, endMs, leftMs });
    };
    const outgoing = request(
      `${endpoint.url}/v1/chat/completions`,
      {
        method: "POST",
        agent: false,
        headers: { "content-type": "application/json", ...endpoint.headers },
      },
      (incoming) => {
        answer = incoming;
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => void (text += chunk));
        incoming.on("error", () => finish(false));
        incoming.on("end", () => finish(incoming.complete));
        incoming.on("close", () => finish(incoming.complete));
      },
    );
    const timer = clock.after(ask.timeoutMs, () => outgoing.destroy());
    outgoing.on("error", () => finish(false));
    outgoing.on("close", () => finish(answer?.complete ?? false));
    void ask.leave?.then(() => {
      leftMs = clock.monotonicMs();
      outgoing.destroy();
    });
    outgoing.end(ask.body);
  });
}

/** A stream as its client reads it. */
export interface StreamSeen {
  /** Content words in order, such as `a0`. */
  readonly words: readonly string[];
  readonly errors: number;
  /** The code of the last error event. */
  readonly code: string;
  readonly isDone: boolean;
  readonly comments: readonly string[];
  /** Kind of the last event. */
  readonly last: "content" | "error" | "done" | "other";
}

export function readStream(text: string): StreamSeen {
  const words: string[] = [];
  const comments: string[] = [];
  let errors = 0;
  let code = "";
  let last: StreamSeen["last"] = "other";
  let isDone = false;
  for (const event of text.split("\n\n")) {
    const data = event.replace(/^data: ?/, "");
    if (event.startsWith(":")) comments.push(event.slice(1).trim());
    else if (data === "[DONE]") {
      isDone = true;
      last = "done";
    } else if (data.includes('"error"')) {
      errors++;
      code = codeOf(data);
      last = "error";
    } else if (data !== "") {
      const word = /"content":"([^"]+)"/.exec(data)?.[1];
      if (word !== undefined) words.push(word.trim());
      last = word === undefined ? "other" : "content";
    }
  }
  return { words, errors, code, isDone, comments, last };
}

/** `error.code` of an error body or event; "" when there is none. */
export function codeOf(text: string): string {
  return /"code": ?"(\w+)"/.exec(text)?.[1] ?? "";
}
