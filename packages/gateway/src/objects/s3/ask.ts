import type {
  Http1Call,
  Http1Fault,
  Http1Pool,
  Http1Request,
  ResponseSink,
} from "@loadline/kit/http1";
import { ObjectFault } from "../object-store.ts";

export interface S3Answer {
  readonly status: number;
  readonly body: Buffer;
  /** An answer to the second time that it was asked: it may have been done the first time. */
  readonly isSecond: boolean;
}

/** One request and its whole answer of at most `bytesMax`. @throws ObjectFault */
export function ask(
  pool: Http1Pool,
  request: Http1Request,
  { signal, bytesMax }: { readonly signal: AbortSignal; readonly bytesMax: number },
): Promise<S3Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new ObjectFault("unreachable", "timeout"));
      return;
    }
    const sink = new WholeAnswer(bytesMax, { resolve, reject });
    const call = pool.request(request, sink);
    sink.call = call;
    const onAbort = (): void => call.abort();
    sink.onOver = () => signal.removeEventListener("abort", onAbort);
    sink.onTooLarge = () => call.abort();
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

interface Ends {
  readonly resolve: (answer: S3Answer) => void;
  readonly reject: (fault: ObjectFault) => void;
}

class WholeAnswer implements ResponseSink {
  onOver: () => void = () => undefined;
  onTooLarge: () => void = () => undefined;
  /** Undefined while it is asked: what fails then was never sent. */
  call: Http1Call | undefined;
  readonly #bytesMax: number;
  readonly #ends: Ends;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;

  constructor(bytesMax: number, ends: Ends) {
    this.#bytesMax = bytesMax;
    this.#ends = ends;
  }

  head(status: number): void {
    this.#status = status;
  }

  data(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#bytesMax) this.#chunks.push(Buffer.from(chunk));
    else this.onTooLarge();
  }

  end(): void {
    this.onOver();
    if (this.#bytes > this.#bytesMax) {
      this.#tooLarge();
      return;
    }
    const body = Buffer.concat(this.#chunks);
    this.#ends.resolve({ status: this.#status, body, isSecond: this.#isSecond });
  }

  fail(code: Http1Fault): void {
    this.onOver();
    if (this.#bytes > this.#bytesMax) this.#tooLarge();
    else this.#ends.reject(faultOf(code, this.#isSecond));
  }

  get #isSecond(): boolean {
    return this.call?.retried ?? false;
  }

  #tooLarge(): void {
    const detail = `an answer over ${this.#bytesMax} bytes`;
    this.#ends.reject(new ObjectFault("damaged", detail, { isDoubtful: true }));
  }
}

const beforeAnyByte: readonly Http1Fault[] = ["connect", "connect_timeout", "tls", "dns"];

/**
 * A queue that is full, or that nobody left in time, is ours and says nothing of the store. Where it
 * is the second try that fails so, the store had the first and broke off without an answer.
 */
function faultOf(code: Http1Fault, isSecond: boolean): ObjectFault {
  const isOurs = !isSecond && (code === "queue_full" || code === "queue_timeout");
  const detail = code === "aborted" ? "timeout" : code;
  const isDoubtful = isSecond || (!isOurs && !beforeAnyByte.includes(code));
  return new ObjectFault(isOurs ? "busy" : "unreachable", detail, { isDoubtful });
}
