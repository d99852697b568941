import type { Clock } from "@loadline/kit/clock";
import { hostOf } from "@loadline/kit/egress";
import type { SendOutcome } from "@loadline/kit/exporter";
import { createHttp1Pool, type Http1Fault, type ResponseSink } from "@loadline/kit/http1";
import { type AnswerRules, isRedirect } from "../../egress/answer-rules.ts";
import type { EgressDoor } from "../../egress/doors.ts";

export interface HttpSinkOptions {
  readonly clock: Clock;
  readonly url: URL;
  /** Flat list, content type included. */
  readonly headers: readonly string[];
  readonly door: EgressDoor;
  /** How many items of an accepted body the answer says were refused. */
  rejectedIn(answer: string): number;
}

export interface HttpSink {
  /** Sends one body; says what became of it and never rejects. */
  post(body: string, signal: AbortSignal): Promise<SendOutcome>;
  close(): void;
}

const connectTimeoutMs = 5000;
const idleMs = 15_000;
const queueWaitMs = 1000;
const answerBytesMax = 65_536;
/** What a collector answers when the same request may succeed later. */
const busyStatuses = new Set([408, 429, 502, 503, 504]);

/** POSTs bodies to one address over one connection, through the egress door. */
export function createHttpSink(o: HttpSinkOptions): HttpSink {
  const { url, door } = o;
  const egress = door.open([hostOf(url)]);
  const answers = door.answersOf(url.host);
  const pool = createHttp1Pool({
    connect: () => egress.connect(url),
    connectionsMax: 1,
    queueMax: 1,
    queueWaitMs,
    connectTimeoutMs,
    idleMs,
    clock: o.clock,
    retryStale: true,
  });
  const path = url.pathname + url.search;
  const headers = ["host", url.host, ...o.headers];
  return {
    post: (body, signal) =>
      new Promise((resolve) => {
        const answer = new Answer(resolve, o.rejectedIn, answers);
        const call = pool.request(
          { method: "POST", path, headers, body: Buffer.from(body) },
          answer,
        );
        signal.addEventListener("abort", () => call.abort(), { once: true });
      }),
    close: () => pool.close(),
  };
}

/** Reads one answer of the collector. */
class Answer implements ResponseSink {
  readonly #resolve: (outcome: SendOutcome) => void;
  readonly #rejectedIn: (answer: string) => number;
  readonly #answers: AnswerRules;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #afterMs: number | undefined;

  constructor(
    resolve: (outcome: SendOutcome) => void,
    rejectedIn: (answer: string) => number,
    answers: AnswerRules,
  ) {
    this.#resolve = resolve;
    this.#rejectedIn = rejectedIn;
    this.#answers = answers;
  }

  head(status: number, headers: readonly string[]): void {
    this.#status = status;
    if (isRedirect(status)) this.#answers.refused("redirect");
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] !== "retry-after") continue;
      const seconds = Number(headers[i + 1]);
      if (seconds >= 0) this.#afterMs = seconds * 1000;
    }
  }

  data(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= answerBytesMax) this.#chunks.push(Buffer.from(chunk));
  }

  end(): void {
    const status = this.#status;
    if (status >= 200 && status < 300) {
      const rejected = this.#rejectedIn(Buffer.concat(this.#chunks).toString("utf8"));
      this.#resolve({ kind: "taken", rejected });
    } else if (busyStatuses.has(status)) this.#resolve({ kind: "later", afterMs: this.#afterMs });
    else this.#resolve({ kind: "refused" });
  }

  fail(_fault: Http1Fault, _detail: string): void {
    this.#resolve({ kind: "later" });
  }
}
