import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Random } from "@loadline/kit/random";
import { timingSafeEqual } from "node:crypto";
import { loadErrors } from "../load/errors.ts";
import type { LiveFrame } from "../load/types.ts";
import { type Edit, type Editable, readEdit } from "./edit.ts";
import { FrameHistory, type NumberedFrame } from "./history.ts";
import { livePage, pageHeaders } from "./page.ts";

export interface LiveOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly random: Random;
  readonly title: string;
  readonly editable: readonly Editable[];
  readonly onEdit: (edit: Edit) => void;
}

export interface LiveServer extends AsyncDisposable {
  /** With the token that works once. */
  readonly url: string;
  frame(frame: LiveFrame): void;
  /** The last word, shown on every page. */
  end(text: string): void;
}

/** Pages that may watch at once. */
const watchersMax = 8;
const bodyBytesMax = 1_024;
/** A page that was cut off comes back after this time. */
const retryMs = 1_000;

/**
 * A page on 127.0.0.1. Its address carries a token that lets one browser in, once; after that a
 * cookie of that browser counts. Frames go out as server-sent events, 30 min of history first.
 * @throws LL_LOAD_LIVE_PORT when the port is taken.
 */
export async function startLiveServer(o: LiveOptions): Promise<LiveServer> {
  const live = new Live(o);
  const server = createServer((request, response) => {
    // A page that leaves in the middle of its request ends that request alone, never the run.
    live.answer(request, response).catch(() => response.destroy());
  });
  server.listen(o.port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (cause) {
    throw loadErrors.make("LL_LOAD_LIVE_PORT", `Port ${o.port} cannot be used.`, { cause });
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : o.port;
  live.port = port;
  return {
    url: `http://127.0.0.1:${port}/?token=${live.token}`,
    frame: (frame) => live.frame(frame),
    end: (text) => live.end(text),
    [Symbol.asyncDispose]: () => closeServer(server, live),
  };
}

async function closeServer(server: Server, live: Live): Promise<void> {
  live.close();
  server.closeAllConnections();
  const closed = once(server, "close");
  server.close();
  await closed;
}

class Live {
  readonly #o: LiveOptions;
  readonly #history = new FrameHistory();
  readonly #watchers = new Set<ServerResponse>();
  readonly #session: string;
  readonly token: string;
  port = 0;
  #isTokenUsed = false;
  #last: string | null = null;

  constructor(o: LiveOptions) {
    this.#o = o;
    this.token = this.#secret();
    this.#session = this.#secret();
  }

  #secret(): string {
    return Buffer.from(this.#o.random.bytes(24)).toString("base64url");
  }

  frame(frame: LiveFrame): void {
    const id = this.#history.push(frame);
    this.#tell(frameText({ id, frame }));
  }

  end(text: string): void {
    this.#last = text;
    this.#tell(eventText("end", text));
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  #tell(text: string): void {
    for (const watcher of this.#watchers) {
      // A page that does not read gets no memory of ours: it connects anew and has the history.
      if (watcher.writableLength > 1_048_576) watcher.destroy();
      else watcher.write(text);
    }
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nonce = this.#secret();
    const visit: Visit = { request, response, nonce, headers: pageHeaders(nonce) };
    const url = URL.parse(request.url ?? "/", "http://127.0.0.1");
    if (url === null) return refuse(visit, 400, "no such address");
    // Another name for this address is a page that was sent here.
    if (request.headers.host !== `127.0.0.1:${this.port}`) return refuse(visit, 421, "wrong host");
    const token = url.searchParams.get("token");
    const route = `${request.method} ${url.pathname}`;
    if (route === "GET /" && token !== null) return this.#enter(visit, token);
    if (!equal(cookieOf(request), this.#session)) return refuse(visit, 403, "no session");
    switch (route) {
      case "GET /":
        return this.#page(visit);
      case "GET /frames":
        return this.#watch(visit);
      case "POST /edit":
        return this.#edit(visit);
      default:
        return refuse(visit, 404, "not found");
    }
  }

  #enter(visit: Visit, token: string): void {
    const { response, headers } = visit;
    if (this.#isTokenUsed || !equal(token, this.token)) {
      return refuse(visit, 403, "token used or wrong");
    }
    this.#isTokenUsed = true;
    const cookie = `loadline_live=${this.#session}; HttpOnly; SameSite=Strict; Path=/`;
    response.writeHead(303, { ...headers, location: "/", "set-cookie": cookie });
    response.end();
  }

  #page({ response, headers, nonce }: Visit): void {
    const { title, editable } = this.#o;
    response.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8" });
    response.end(livePage({ title, editable }, nonce));
  }

  async #edit(visit: Visit): Promise<void> {
    const { request, response, headers } = visit;
    if (request.headers.origin !== `http://127.0.0.1:${this.port}`) {
      return refuse(visit, 403, "origin");
    }
    const body = await bodyOf(request);
    const edit = body === null ? "is too long" : readEdit(body, this.#o.editable);
    if (typeof edit === "string") return refuse(visit, 400, `The change ${edit}.`);
    this.#o.onEdit(edit);
    response.writeHead(204, headers);
    response.end();
  }

  #watch({ request, response, headers }: Visit): void {
    if (this.#watchers.size >= watchersMax) {
      response.writeHead(503, headers);
      response.end();
      return;
    }
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    response.write(`retry: ${retryMs}\n\n`);
    // A page that was cut off names the last frame it has.
    const seen = Number(request.headers["last-event-id"] ?? 0);
    for (const one of this.#history.after(seen > 0 ? seen : 0)) response.write(frameText(one));
    if (this.#last !== null) response.write(eventText("end", this.#last));
    this.#watchers.add(response);
    response.on("close", () => void this.#watchers.delete(response));
  }
}

/** One request and what every answer to it needs. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly nonce: string;
  readonly headers: Readonly<Record<string, string>>;
}

function refuse({ response, headers }: Visit, status: number, text: string): void {
  response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}

function frameText({ id, frame }: NumberedFrame): string {
  return `id: ${id}\n${eventText("frame", frame)}`;
}

function eventText(event: string, value: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;
}

function equal(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function cookieOf(request: IncomingMessage): string {
  const pairs = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim());
  const own = pairs.find((pair) => pair.startsWith("loadline_live="));
  return own?.slice("loadline_live=".length) ?? "";
}

/** Null: longer than a change can be. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) continue;
    bytes += chunk.length;
    if (bytes > bodyBytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
