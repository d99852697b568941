import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect, createServer, type Socket } from "node:net";
import { listenOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { overUpstreams, runGateway } from "../../../test/harness.ts";

const delta = (content: string, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta: { content }, ...more }] })}\n\n`;
const errorBeside = delta("b").replace("{", '{"error":{},');
const finish = delta("", { finish_reason: "stop" });
const done = "data: [DONE]\n\n";
const head =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
/** Spelled as no chunk of ours is, so that its way through shows. */
const chunkOf = (text: string): string =>
  `0${Buffer.byteLength(text).toString(16).toUpperCase()}\r\n${text}\r\n`;

/** Answers with the pieces, each when the one before has reached the client; gives what came. */
async function relayed(
  pieces: readonly string[],
  o: { front?: string; more?: string } = {},
): Promise<string> {
  let up: Socket | undefined;
  let next = 0;
  const send = (): void => void (next < pieces.length && up?.write(pieces[next++] ?? ""));
  const server = createServer((socket) => {
    up = socket;
    socket.on("error", () => socket.destroy());
    socket.once("data", send);
  });
  const port = await listenOnLoopback(server);
  const { front = "http1", more = "" } = o;
  await using g = await runGateway({
    ...overUpstreams(`http://127.0.0.1:${port}/v1`),
    http: { front },
  });
  const body = `{"model":"m","messages":[],"stream":true${more}}`;
  const caller = connect(Number(new URL(g.url).port), "127.0.0.1");
  caller.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${g.key}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  let text = "";
  caller.setEncoding("utf8");
  await new Promise<void>((resolve, reject) => {
    caller.on("error", reject);
    caller.on("close", () => resolve());
    caller.on("data", (chunk: string) => {
      text += chunk;
      if (text.endsWith("\r\n0\r\n\r\n")) caller.destroy();
      else send();
    });
  });
  server.close();
  up?.destroy();
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

function dataOf(chunked: string): string {
  const bytes = Buffer.from(chunked);
  let data = "";
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    data += bytes.toString("utf8", line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
  return data;
}

describe("an event in a chunk of its own", () => {
  const first = `${head}${chunkOf(delta("a"))}`;

  it("that is content as before reaches the client in the chunk it came in, byte for byte", async () => {
    const words = ["b", " c d ", "Grüße 你好"].map((word) => chunkOf(delta(word)));
    const got = await relayed([first, ...words, chunkOf(finish), `${chunkOf(done)}0\r\n\r\n`]);
    for (const word of words) expect(got).toContain(word);
    expect(got).not.toContain(chunkOf(finish));
    const events = ["a", "b", " c d ", "Grüße 你好"].map((word) => delta(word));
    expect(dataOf(got)).toBe([...events, finish, done].join(""));
  });

  it.each([
    ["an error", 'data: {"error":{"message":"x"}}\n\n', "LL_STREAM_UPSTREAM_ERROR"],
    ["an error beside its content", errorBeside, "LL_STREAM_UPSTREAM_ERROR"],
    ["unreadable", delta("q").replace("}]}", "}]"), "LL_STREAM_BAD_EVENT"],
    ["an end marker without a finish", done, "LL_STREAM_CUT"],
  ])("is judged as ever when it is %s", async (_name, event, code) => {
    const got = await relayed([first, chunkOf(delta("b")), chunkOf(event)]);
    const data = dataOf(got);
    expect(data.startsWith(delta("a") + delta("b"))).toBe(true);
    expect(data).toContain(code);
    expect(data).not.toContain("[DONE]");
    expect(data).not.toContain(event.slice(6, -2));
  });

  it("counts towards the request's bound as any other", async () => {
    const words = Array.from({ length: 80 }, () => chunkOf(delta("b")));
    const got = await relayed([first, ...words, chunkOf(finish)], { more: ',"max_tokens":1' });
    // 1.25 times the bound and 64 tokens.
    expect(got.split(chunkOf(delta("b")))).toHaveLength(65);
    expect(dataOf(got)).toContain("LL_STREAM_OVER_BOUND");
  });

  it("is framed by the node front's own server there", async () => {
    const word = chunkOf(delta("b"));
    const o = { front: "node" };
    const got = await relayed([first, word, chunkOf(finish), `${chunkOf(done)}0\r\n\r\n`], o);
    expect(got).not.toContain(word);
    expect(dataOf(got)).toBe(delta("a") + delta("b") + finish + done);
  });

  it("goes out in one write with the others of its read", async () => {
    const words = ["b", "c", "d"].map((word) => chunkOf(delta(word))).join("");
    const written: unknown[] = [];
    const watch = (message: unknown): void => {
      const { socket } = message as { socket: Socket };
      const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
      socket.write = (...given: unknown[]) => {
        written.push(given[0]);
        return write(...given);
      };
    };
    subscribe("net.server.socket", watch);
    const got = await relayed([first, words, chunkOf(finish), `${chunkOf(done)}0\r\n\r\n`]);
    unsubscribe("net.server.socket", watch);
    // The upstream's write, and the gateway's.
    expect(written.filter((text) => text === words)).toHaveLength(2);
    expect(got).toContain(words);
  });

  it("cut over two reads is the same stream", async () => {
    const word = chunkOf(delta("bc"));
    const rest = [chunkOf(finish), `${chunkOf(done)}0\r\n\r\n`];
    // The second half comes with a whole chunk, so the caller has something to wait for.
    const pieces = [first, chunkOf(delta("b")) + word.slice(0, 9), word.slice(9), ...rest];
    const got = await relayed(pieces);
    expect(dataOf(got)).toBe(delta("a") + delta("b") + delta("bc") + finish + done);
  });
});
