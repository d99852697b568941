import type { Clock } from "@loadline/kit/clock";
import { type Egress, parseHttpUrl } from "@loadline/kit/egress";
import { createHttp1Pool, type Http1Call, type Http1Pool } from "@loadline/kit/http1";

/** Response bytes kept; the rest is counted and dropped. */
export const keptBytesMax = 1024 * 1024;
/** A list of 100,000 models is long, and no fault. */
export const modelListBytesMax = 16 * 1024 * 1024;

export interface ProbeRequest {
  readonly method: "GET" | "POST";
  /** Joined to the base URL; with `fromOrigin` to the origin instead. */
  readonly path: string;
  readonly fromOrigin?: boolean;
  readonly json?: unknown;
  /** Sent as it is, in place of `json`. */
  readonly body?: Buffer;
  /** Sent beside the prober's own, and in their place where the name is the same. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the answer; default `keptBytesMax`. */
  readonly keptBytesMax?: number;
  /** `configured` (default): the key of the run, if any. */
  readonly key?: "configured" | "none" | "wrong";
}

/** Asks for the list of models, which is kept whole where it is long. */
export const modelsRequest: ProbeRequest = {
  method: "GET",
  path: "/models",
  keptBytesMax: modelListBytesMax,
};

/** One request and everything that came back. `status` is null when no response head came. */
export interface Exchange {
  readonly request: ProbeRequest;
  readonly url: string;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly bodyBytes: number;
  /** Why the exchange did not end well, e.g. `connect: ECONNREFUSED`. */
  readonly fault: string | null;
  readonly durationMs: number;
}

export interface ProbeClient {
  /** Never throws for the target's fault; rejects with the signal's reason when it aborts. */
  send(request: ProbeRequest): Promise<Exchange>;
  close(): void;
}

export interface ProbeClientOptions {
  readonly baseUrl: string;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly run: string;
  readonly apiKey?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A key no target accepts; shaped like one so that it reaches the target's own check. */
export const wrongKey = "sk-loadline-probe-wrong-key";

/** Opens the prober's own connections to the target; no retry, no redirect. */
export function createProbeClient(o: ProbeClientOptions): ProbeClient {
  const base = parseHttpUrl(o.baseUrl);
  const pool = createHttp1Pool({
    connect: () => o.egress.connect(base),
    connectionsMax: 4,
    queueMax: 16,
    queueWaitMs: o.timeoutMs,
    connectTimeoutMs: Math.min(5_000, o.timeoutMs),
    idleMs: 1_000,
    clock: o.clock,
    retryStale: true,
  });
  return {
    send: (request) => send(o, pool, request),
    close: () => pool.close(),
  };
}

function urlOf(baseUrl: string, request: ProbeRequest): URL {
  const base = parseHttpUrl(baseUrl);
  // Put together as text: a path of two slashes would name another host.
  if (request.fromOrigin) return new URL(base.origin + request.path);
  return new URL(base.pathname.replace(/\/+$/, "") + request.path, base.origin);
}

function headersOf(o: ProbeClientOptions, url: URL, request: ProbeRequest): string[] {
  const headers = new Map([
    ["host", url.host],
    ["accept", "*/*"],
    ["accept-encoding", "identity"],
    ["x-loadline-run", o.run],
  ]);
  if (request.json !== undefined || request.body !== undefined) {
    headers.set("content-type", "application/json");
  }
  const key = request.key === "wrong" ? wrongKey : request.key === "none" ? undefined : o.apiKey;
  if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers.set(name.toLowerCase(), value);
  }
  return [...headers].flat();
}

function bodyOf(request: ProbeRequest): Buffer | undefined {
  if (request.body !== undefined || request.json === undefined) return request.body;
  return Buffer.from(JSON.stringify(request.json));
}

function send(o: ProbeClientOptions, pool: Http1Pool, request: ProbeRequest): Promise<Exchange> {
  const url = urlOf(o.baseUrl, request);
  const body = bodyOf(request);
  const keptMax = request.keptBytesMax ?? keptBytesMax;
  const startedMs = o.clock.monotonicMs();
  return new Promise((resolve, reject) => {
    if (o.signal.aborted) {
      reject(o.signal.reason);
      return;
    }
    const chunks: Buffer[] = [];
    let bodyBytes = 0;
    let status: number | null = null;
    let headers: Record<string, string> = {};
    const finish = (fault: string | null): void => {
      timer.cancel();
      o.signal.removeEventListener("abort", onAbort);
      if (o.signal.aborted) {
        reject(o.signal.reason);
        return;
      }
      const durationMs = o.clock.monotonicMs() - startedMs;
      const seen = { status, headers, body: Buffer.concat(chunks), bodyBytes };
      resolve({ request, url: url.href, ...seen, fault, durationMs });
    };
    let timedOut = false;
    let call: Http1Call | undefined;
    const onAbort = (): void => call?.abort();
    // Before the request: the pool may refuse it at once.
    o.signal.addEventListener("abort", onAbort, { once: true });
    const timer = o.clock.after(o.timeoutMs, () => {
      timedOut = true;
      call?.abort();
    });
    const asked = {
      method: request.method,
      path: url.pathname + url.search,
      headers: headersOf(o, url, request),
      ...(body === undefined ? {} : { body }),
    };
    try {
      call = pool.request(asked, {
        head: (code, flat) => {
          status = code;
          headers = toRecord(flat);
        },
        data: (chunk) => {
          if (bodyBytes < keptMax) {
            chunks.push(Buffer.from(chunk.subarray(0, keptMax - bodyBytes)));
          }
          bodyBytes += chunk.length;
        },
        end: () => finish(null),
        fail: (code, detail) =>
          finish(timedOut ? `timeout: no end within ${o.timeoutMs} ms` : `${code}: ${detail}`),
      });
    } catch (error) {
      // A key with a line break is never written: nothing is waited for.
      timer.cancel();
      o.signal.removeEventListener("abort", onAbort);
      reject(error);
    }
  });
}

function toRecord(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) record[flat[i] ?? ""] = flat[i + 1] ?? "";
  return record;
}
