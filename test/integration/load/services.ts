import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as after } from "node:timers/promises";
import { serveOnLoopback } from "../../../packages/testkit/src/listen.ts";

/** How a path answers: a status after a time, or nothing at all. */
const ways: Readonly<Record<string, { readonly status: number; readonly ms: number } | null>> = {
  "/slow": { status: 200, ms: 80 },
  "/limited": { status: 429, ms: 0 },
  "/busy": { status: 503, ms: 0 },
  "/broken": { status: 500, ms: 0 },
  "/hang": null,
};

/** Of a streamed answer: ms to its first token, ms between two, and how many there are. */
export const spoken = { firstMs: 60, gapMs: 20, tokens: 5 } as const;

interface Message {
  readonly role: string;
  readonly content: string;
}

/** A target with one path for each way to answer, and a chat that streams. */
export interface Services extends AsyncDisposable {
  readonly url: string;
  /** Requests by path. */
  readonly seen: ReadonlyMap<string, number>;
  /** Values of the header `x-suite` that came. */
  readonly marks: ReadonlySet<string>;
  /** Messages of every question asked of the chat, in the order they came. */
  readonly asked: readonly (readonly Message[])[];
}

/** Starts the target on loopback. */
export async function startServices(): Promise<Services> {
  const seen = new Map<string, number>();
  const marks = new Set<string>();
  const asked: (readonly Message[])[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    seen.set(path, (seen.get(path) ?? 0) + 1);
    marks.add(String(request.headers["x-suite"]));
    const answer = async (): Promise<void> => {
      const body = await text(request);
      if (path !== "/v1/chat/completions") return agree(response, path);
      const { messages } = JSON.parse(body || "{}") as { readonly messages?: readonly Message[] };
      if (messages !== undefined) asked.push(messages);
      return speak(response);
    };
    // Who left in the middle of its question gets no answer, and counts on its own side.
    answer().catch(() => response.destroy());
  });
  return { ...(await serveOnLoopback(server)), seen, marks, asked };
}

async function agree(response: ServerResponse, path: string): Promise<void> {
  const way = ways[path] === undefined ? { status: 200, ms: 0 } : ways[path];
  if (way === null) return;
  if (way.ms > 0) await after(way.ms);
  response.writeHead(way.status, { "content-type": "application/json" }).end("{}");
}

/** One streamed answer, with the server's own count of its words. */
async function speak(response: ServerResponse): Promise<void> {
  const event = (value: unknown): void => void response.write(`data: ${JSON.stringify(value)}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  await after(spoken.firstMs);
  for (let i = 0; i < spoken.tokens; i++) {
    if (i > 0) await after(spoken.gapMs);
    event({ choices: [{ index: 0, delta: { content: `w${i} ` }, finish_reason: null }] });
  }
  const usage = { prompt_tokens: 4, completion_tokens: spoken.tokens, total_tokens: 9 };
  event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage });
  response.end("data: [DONE]\n\n");
}
