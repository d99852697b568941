/** A target that answers as a function says and keeps what it was sent. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listenOnLoopback } from "../listen.ts";

/** A request as the target saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What the target answers; `null` closes the connection instead. */
export interface Given {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A target that keeps what it was sent. */
export interface RecordingTarget extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
}

/** Starts a target on loopback that answers as `answer` says, by default 200 and its own path. */
export async function startRecordingTarget(
  answer: (seen: Seen) => Given | null = ({ path }) => ({ body: JSON.stringify({ path }) }),
): Promise<RecordingTarget> {
  const seen: Seen[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const { method = "", url = "", headers } = request;
    const one = { method, path: url, headers, body };
    seen.push(one);
    const given = answer(one);
    if (given === null) {
      request.socket.destroy();
      return;
    }
    const type = { "content-type": "application/json" };
    response.writeHead(given.status ?? 200, { ...type, ...given.headers });
    response.end(given.body ?? "");
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((cause: unknown) => {
      // A client that left has nobody to tell; an answer that throws tells the client.
      if (request.complete) response.writeHead(500).end(messageOf(cause));
      else response.destroy();
    });
  });
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
