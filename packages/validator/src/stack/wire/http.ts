import type { Clock } from "@loadline/kit/clock";
import { createEgress, hostOf, parseHttpUrl } from "@loadline/kit/egress";
import { createHttp1Pool, type Http1Fault } from "@loadline/kit/http1";
import { parseJson } from "@loadline/kit/json";
import { WireFault } from "./fault.ts";

const bodyBytesMax = 32 * 1024 * 1024;

export interface HttpAsk {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; of a name that comes twice the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What an answer says as JSON; undefined where it is none. */
export const answerJson = (answer: HttpAnswer): unknown => parseJson(answer.body.toString("utf8"));

/** Status and body, as a finding quotes them. */
export const rawAnswer = (answer: HttpAnswer): string =>
  `HTTP ${answer.status}\n${answer.body.toString("utf8")}`;

const refusedCodes: readonly Http1Fault[] = ["connect", "dns", "tls"];

/**
 * One request on a connection of its own; no retry, no redirect. @throws WireFault when no whole
 * answer came before the signal.
 */
export function httpAsk(
  ask: HttpAsk,
  o: { readonly clock: Clock; readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<HttpAnswer> {
  const url = parseHttpUrl(ask.url);
  const egress = createEgress({ allowHosts: [hostOf(url)] });
  const pool = createHttp1Pool({
    connect: () => egress.connect(url),
    connectionsMax: 1,
    queueMax: 1,
    queueWaitMs: o.timeoutMs,
    connectTimeoutMs: o.timeoutMs,
    idleMs: 1_000,
    clock: o.clock,
  });
  const given = { host: url.host, "accept-encoding": "identity", ...ask.headers };
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head: Pick<HttpAnswer, "status" | "headers"> | null = null;
    const done = (settle: () => void): void => {
      o.signal.removeEventListener("abort", onAbort);
      pool.close();
      settle();
    };
    const fail = (code: WireFault["code"], message: string, raw = ""): void =>
      done(() => reject(new WireFault(code, message, raw)));
    const onAbort = (): void => fail("timeout", `${url.host} gave no whole answer in time`);
    if (o.signal.aborted) return onAbort();
    o.signal.addEventListener("abort", onAbort, { once: true });
    pool.request(
      {
        method: ask.method,
        path: url.pathname + url.search,
        headers: Object.entries(given).flat(),
        ...(ask.body === undefined ? {} : { body: ask.body }),
      },
      {
        head(status, flat) {
          const headers: Record<string, string> = {};
          for (let i = 0; i + 1 < flat.length; i += 2) headers[flat[i] ?? ""] = flat[i + 1] ?? "";
          head = { status, headers };
        },
        data(chunk) {
          bytes += chunk.length;
          if (bytes > bodyBytesMax) fail("protocol", `${url.host} answered without an end`);
          else chunks.push(Buffer.from(chunk));
        },
        end() {
          const answer = head;
          if (answer === null) return fail("protocol", `${url.host} answered without a head`);
          done(() => resolve({ ...answer, body: Buffer.concat(chunks) }));
        },
        fail(code, detail) {
          if (o.signal.aborted) return onAbort();
          const isRefused = refusedCodes.includes(code);
          const kind = isRefused ? "refused" : code === "protocol" ? "protocol" : "closed";
          const what = isRefused ? "refused the connection" : "gave no HTTP answer";
          fail(kind, `${url.host} ${what} (${code}: ${detail})`, detail);
        },
      },
    );
  });
}

/** A request as a curl argument list. */
export function curl(ask: HttpAsk): string[] {
  const method = ask.method === "GET" ? [] : ["-X", ask.method];
  const headers = Object.entries(ask.headers ?? {}).flatMap(([k, v]) => ["-H", `${k}: ${v}`]);
  const isShort = ask.body !== undefined && ask.body.length <= 1_024;
  const body = isShort ? ["--data-binary", ask.body.toString("utf8")] : [];
  return ["curl", "-sS", "-i", ...method, ...headers, ...body, ask.url];
}
