import type { Clock } from "@loadline/kit/clock";
import { hostOf } from "@loadline/kit/egress";
import { createHttp1Pool } from "@loadline/kit/http1";
import { isRedirect } from "../../egress/answer-rules.ts";
import type { EgressDoor } from "../../egress/doors.ts";
import { listMax, ObjectFault, type ObjectStore } from "../object-store.ts";
import { ask, type S3Answer } from "./ask.ts";
import {
  encodePath,
  encodeQuery,
  type S3Credentials,
  signedHeaders,
  type UnsignedRequest,
} from "./sign.ts";

export interface S3Options extends S3Credentials {
  /** http or https, without a path. */
  readonly endpoint: URL;
  readonly bucket: string;
  readonly clock: Clock;
  /** Largest object that is read, in bytes. */
  readonly bytesMax: number;
  readonly door: EgressDoor;
}

interface Call {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly key?: string;
  readonly query?: UnsignedRequest["query"];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal: AbortSignal;
}

const connectionsMax = 16;
const queueMax = 64;
const queueWaitMs = 1000;
const connectTimeoutMs = 1000;
const idleMs = 4000;
const noBody = Buffer.alloc(0);
/** Errors and listings; a listing of 1,000 keys is below 700 KB. */
const textBytesMax = 1024 * 1024;

/** A bucket of an S3-compatible server, its path in the URL, asked through the egress door. */
export function createS3Store(o: S3Options): ObjectStore {
  const { endpoint, bucket, clock } = o;
  const egress = o.door.open([hostOf(endpoint)]);
  const { refused } = o.door.answersOf(endpoint.host);
  const poolOf = (connections: number) =>
    createHttp1Pool({
      connect: () => egress.connect(endpoint),
      connectionsMax: connections,
      queueMax,
      queueWaitMs,
      connectTimeoutMs,
      idleMs,
      clock,
      retryStale: true,
    });
  const calls = poolOf(connectionsMax);
  // Of their own: a queue of calls does not make the store look dead.
  const pings = poolOf(1);
  const bytesMax = Math.max(o.bytesMax, textBytesMax);
  const send = async (call: Call, pool = calls): Promise<S3Answer> => {
    const { method, query = [], headers = {}, body = noBody, signal } = call;
    const path = encodePath(`/${bucket}${call.key === undefined ? "" : `/${call.key}`}`);
    const request = { method, host: endpoint.host, path, query, headers, body };
    const target = query.length === 0 ? path : `${path}?${encodeQuery(query)}`;
    const list = signedHeaders(request, o, clock.wallMs());
    const sent = { method, path: target, headers: list, ...(method === "PUT" && { body }) };
    const answer = await ask(pool, sent, { signal, bytesMax });
    if (isRedirect(answer.status)) refused("redirect");
    return answer;
  };
  const list = async (
    prefix: string,
    max: number,
    signal: AbortSignal,
    pool = calls,
  ): Promise<string[]> => {
    const query = [
      ["list-type", "2"],
      ["prefix", prefix],
      ["max-keys", String(Math.min(max, listMax))],
    ] as const;
    const { body } = await expectOk(send({ method: "GET", query, signal }, pool));
    return keysOf(body.toString("utf8"));
  };
  return {
    async put(key, body, signal) {
      await expectOk(send({ method: "PUT", key, body, signal }));
    },
    async get(key, signal, most) {
      const headers = most === undefined ? {} : { range: `bytes=0-${most - 1}` };
      const answer = await send({ method: "GET", key, headers, signal });
      if (answer.status === 404 && codeOf(answer) === "NoSuchKey") return undefined;
      return (await expectOk(Promise.resolve(answer))).body;
    },
    async remove(key, signal) {
      await expectOk(send({ method: "DELETE", key, signal }));
    },
    list: (prefix, max, signal) => list(prefix, max, signal),
    async ping(signal) {
      await list("", 1, signal, pings);
    },
    close() {
      calls.close();
      pings.close();
    },
  };
}

/**
 * The answer when its status is 2xx; else the fault that its code names, in doubt where the call
 * had been sent before and that one's end is not known.
 */
async function expectOk(sent: Promise<S3Answer>): Promise<S3Answer> {
  const answer = await sent;
  if (answer.status >= 200 && answer.status < 300) return answer;
  const code = codeOf(answer);
  const isFull = answer.status === 507 || code === "XMinioStorageFull" || code === "QuotaExceeded";
  const isBusy = answer.status === 429 || answer.status >= 500;
  const kind = isFull ? "full" : isBusy ? "unreachable" : "refused";
  const isDoubtful = answer.isSecond || kind === "unreachable";
  throw new ObjectFault(kind, `${answer.status} ${code}`.trim(), { isDoubtful });
}

function codeOf({ body }: S3Answer): string {
  return /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(body.toString("utf8"))?.[1] ?? "";
}

/** Our keys have no character that XML writes in another way. */
function keysOf(xml: string): string[] {
  return [...xml.matchAll(/<Key>([A-Za-z0-9_/-]+)<\/Key>/g)].map((found) => found[1] ?? "");
}
