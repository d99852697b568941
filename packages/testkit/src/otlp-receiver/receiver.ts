import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOnLoopback } from "../listen.ts";
import { readExport, type ReceivedSpan } from "./read-export.ts";

/**
 * `frozen`: takes the request and never answers. `busy`: 503 with Retry-After. `choosy`: takes the
 * batch but says that so many spans were rejected. `refusing`: 400 to everything.
 */
export type ReceiverBehaviour =
  | { readonly kind: "ok" }
  | { readonly kind: "frozen" }
  | { readonly kind: "busy"; readonly retryAfterSeconds: number }
  | { readonly kind: "choosy"; readonly rejected: number }
  | { readonly kind: "refusing" };

export interface OtlpReceiver extends AsyncDisposable {
  /** Full address of its traces. */
  readonly endpoint: string;
  readonly port: number;
  readonly spans: readonly ReceivedSpan[];
  /** Requests that came, whatever became of them. */
  readonly requests: readonly string[];
  /** Header lists of those requests, by name. */
  readonly headers: readonly Readonly<Record<string, unknown>>[];
  /** Why exports were refused with 400, in order. */
  readonly faults: readonly string[];
  behave(how: ReceiverBehaviour): void;
}

const path = "/v1/traces";
const bodyBytesMax = 16 * 1024 * 1024;

/** Listens on loopback; `port` 0 takes any free one. */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: string[] = [];
  const headers: Record<string, unknown>[] = [];
  const faults: string[] = [];
  let how: ReceiverBehaviour = { kind: "ok" };
  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    requests.push(body);
    headers.push({ ...request.headers });
    if (how.kind === "frozen") return;
    if (how.kind === "busy") {
      response.writeHead(503, { "retry-after": String(how.retryAfterSeconds) }).end();
      return;
    }
    const fault = how.kind === "refusing" ? "refusing" : faultOf(request);
    try {
      if (fault !== undefined) throw new TypeError(fault);
      spans.push(...readExport(body));
    } catch (cause) {
      faults.push(cause instanceof Error ? cause.message : String(cause));
      response.writeHead(400, { "content-type": "application/json" }).end("{}");
      return;
    }
    const rejected = how.kind === "choosy" ? how.rejected : 0;
    const said = rejected > 0 ? { partialSuccess: { rejectedSpans: String(rejected) } } : {};
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
  };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
      if (body.length > bodyBytesMax) request.destroy();
    });
    request.on("end", () => answer(request, response, body));
  });
  const bound = await listenOnLoopback(server, { port });
  return {
    endpoint: `http://127.0.0.1:${bound}${path}`,
    port: bound,
    spans,
    requests,
    headers,
    faults,
    behave: (next) => void (how = next),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function faultOf(request: IncomingMessage): string | undefined {
  if (request.method !== "POST") return "not a POST";
  if (request.url !== path) return `path ${request.url ?? ""}`;
  return request.headers["content-type"] === "application/json" ? undefined : "content-type";
}
