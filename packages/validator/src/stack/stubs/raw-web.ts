import { createServer, type IncomingMessage } from "node:http";
import type { StackRule } from "../probe.ts";
import { listening } from "./listening.ts";
import type { StackStub } from "./stub.ts";

/** What a twin sees of one request. */
export interface RawCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface RawReply {
  readonly status: number;
  readonly body?: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An HTTP twin over bytes. A rule is found by how `METHOD /path?query` begins, with the words
 * `mark` adds behind it.
 */
export async function startRawWeb(o: {
  readonly rules: readonly StackRule[];
  /** Word behind the request line that rules may ask for; empty for none. */
  readonly mark: (call: RawCall) => string;
  readonly answer: (call: RawCall) => RawReply;
}): Promise<StackStub> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "GET", url = "/", headers } = request;
      const body = Buffer.concat(chunks);
      const call = { method, url: new URL(url, "http://twin.invalid"), headers, body };
      const line = `${method} ${url}`;
      const word = o.mark(call);
      const rule = o.rules.find(({ when }) =>
        word !== "" && when.endsWith(` ${word}`)
          ? line.startsWith(when.slice(0, -word.length - 1))
          : line.startsWith(when),
      );
      const made = rule === undefined ? o.answer(call) : { status: 200, ...rule, body: rule.reply };
      response.writeHead(made.status, { "content-type": "application/json", ...made.headers });
      response.end(made.body ?? "");
    });
  });
  const door = await listening(server);
  return {
    url: `http://127.0.0.1:${door.port}`,
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}
