import { createServer, type Socket } from "node:net";
import { listening } from "../stack/stubs/listening.ts";

/** What the server does once a whole request came: writes what it likes. */
export type Answer = (socket: Socket, request: string, connection: number) => void;

interface RawServer extends AsyncDisposable {
  readonly baseUrl: string;
  /** Whole requests, in order. */
  readonly requests: string[];
  /** Sockets the server has open. */
  open(): number;
}

function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? "0";
  return Buffer.byteLength(text.slice(head + 4)) >= Number(length);
}

/** A server of bytes on loopback: no HTTP library stands between the case and the socket. */
export async function startRaw(answer: Answer): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = connections++;
    let text = "";
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The prober may close in the middle of an answer; that is what some cases are about.
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk.toString("utf8");
      if (!isWhole(text)) return;
      requests.push(text);
      answer(socket, text, connection);
      text = "";
    });
  });
  const served = await listening(server);
  const baseUrl = `http://127.0.0.1:${served.port}/v1`;
  return { ...served, baseUrl, requests, open: () => sockets.size };
}

/** The bytes of an answer; `length` lies about its body where given. */
export function reply(
  status: number,
  body: string,
  o: { readonly type?: string | null; readonly length?: number; readonly headers?: string } = {},
): string {
  const type = o.type === undefined ? "application/json" : o.type;
  const typed = type === null ? "" : `content-type: ${type}\r\n`;
  const length = o.length ?? Buffer.byteLength(body);
  return `HTTP/1.1 ${status} X\r\n${typed}${o.headers ?? ""}content-length: ${length}\r\n\r\n${body}`;
}

/** The events of a stream as one answer. */
export function stream(events: readonly unknown[], type = "text/event-stream"): string {
  const payloads = events.map((e) => (typeof e === "string" ? e : JSON.stringify(e)));
  return reply(200, payloads.map((payload) => `data: ${payload}\n\n`).join(""), { type });
}
