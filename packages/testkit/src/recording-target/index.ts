/** A target that answers as a function says and keeps what it was sent. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
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
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = "", url = "", headers } = request;
      const one = { method, path: url, headers, body };
      seen.push(one);
      const given = answer(one);
      if (given === null) request.socket.destroy();
      else {
        const type = { "content-type": "application/json" };
        response.writeHead(given.status ?? 200, { ...type, ...given.headers });
        response.end(given.body ?? "");
      }
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
