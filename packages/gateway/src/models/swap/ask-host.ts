import type { IncomingMessage } from "node:http";
import type { Clock } from "@loadline/kit/clock";
import { nodeHttp } from "@loadline/kit/node-http";

export interface HostAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface AskOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const answerBytesMax = 4 * 1024 * 1024;

/**
 * One call to a model host on a connection of its own: a POST where there is a body. Rejects when no
 * whole JSON answer of at most 4 MiB comes in time.
 */
export function askHost(
  socketPath: string,
  path: string,
  body: unknown,
  { clock, timeoutMs, signal }: AskOptions,
): Promise<HostAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HostAnswer>();
  const method = body === undefined ? "GET" : "POST";
  const request = nodeHttp.request({ socketPath, path, method, agent: false, signal });
  const timer = clock.after(timeoutMs, () =>
    request.destroy(new Error(`no answer within ${timeoutMs} ms`)),
  );
  request.on("error", reject);
  request.on("response", (response) => {
    answerOf(response).then(resolve, reject);
  });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise.finally(() => timer.cancel());
}

async function answerOf(response: IncomingMessage): Promise<HostAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response) {
    const part: Buffer = Buffer.from(piece);
    bytes += part.length;
    if (bytes > answerBytesMax) throw new Error(`an answer over ${answerBytesMax} bytes`);
    pieces.push(part);
  }
  const body: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"));
  return { status: response.statusCode ?? 0, body };
}
