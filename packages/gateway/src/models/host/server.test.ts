import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { ClientRequest, IncomingMessage, Server } from "node:http";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, describe, expect, it } from "vitest";
import type { FakeEngine, FakeOptions } from "./fake-engine.fixture.ts";
import { createFakeEngine } from "./fake-engine.fixture.ts";
import type { HostContext } from "./host-context.ts";
import { createHostServer } from "./server.ts";
import { createSlots } from "./slots.ts";

const any = { areAnyEmbeddings: true };
const opened: { server: Server; folder: string }[] = [];

afterEach(() => {
  for (const { server, folder } of opened.splice(0)) {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
});

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

interface Host {
  readonly engine: FakeEngine;
  readonly context: HostContext;
  readonly clock: TestClock;
  call(path: string, body?: unknown): Promise<Reply>;
  open(path: string, body: string | Buffer): ClientRequest;
}

interface HostOptions extends Partial<FakeOptions> {
  readonly areAnyEmbeddings?: boolean;
}

async function hostWith(o: HostOptions = {}, queueMax = 32): Promise<Host> {
  const clock = new TestClock();
  const engine = createFakeEngine({ sequences: 1, answer: ["one", " two", " three"], ...o });
  const context: HostContext = {
    engine,
    slots: createSlots(engine.sequences, { queueMax, queueWaitMs: 1000, clock }),
    modelName: "fake",
    areAnyEmbeddings: o.areAnyEmbeddings ?? false,
    clock,
    random: seededRandom(1),
    rssBytesMax: () => 1,
    counters: { requests: 0, active: 0, aborted: 0, tokens: 0 },
  };
  const folder = mkdtempSync(join(tmpdir(), "loadline-host-"));
  const socketPath = join(folder, "host.sock");
  const server = createHostServer(context, 1000);
  server.listen(socketPath);
  await once(server, "listening");
  opened.push({ server, folder });
  const open = (path: string, body: string | Buffer): ClientRequest => {
    const outgoing = request({ socketPath, path, method: body.length > 0 ? "POST" : "GET" });
    outgoing.end(body);
    return outgoing;
  };
  return {
    engine,
    context,
    clock,
    open,
    call: (path, body) => read(open(path, body === undefined ? "" : JSON.stringify(body))),
  };
}

async function read(outgoing: ClientRequest): Promise<Reply> {
  const [message]: IncomingMessage[] = await once(outgoing, "response");
  if (message === undefined) throw new Error("no response");
  let text = "";
  for await (const piece of message) text += String(piece);
  return { status: message.statusCode ?? 0, headers: message.headers, text };
}

const chat = (more: object = {}): object => ({
  model: "fake",
  messages: [{ role: "user", content: "say three words" }],
  ...more,
});

function eventsOf(text: string): unknown[] {
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => event.replace(/^data: /, ""))
    .map((data): unknown => (data === "[DONE]" ? data : JSON.parse(data)));
}

const path = "/v1/chat/completions";

describe("chat, whole", () => {
  it("answers in OpenAI's shape with the tokens it counted, the end token among them", async () => {
    const host = await hostWith();
    const reply = await host.call(path, chat());
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{24}$/),
      object: "chat.completion",
      created: 1767225600,
      model: "fake",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "one two three", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    });
  });

  it("max_tokens ends the answer with reason length, and so does a full context", async () => {
    const short = await hostWith();
    const cut = JSON.parse((await short.call(path, chat({ max_tokens: 2 }))).text);
    expect(cut.choices[0].message.content).toBe("one two");
    expect(cut.choices[0].finish_reason).toBe("length");
    expect(cut.usage.completion_tokens).toBe(2);
    const small = await hostWith({ isEndless: true, contextTokens: 10 });
    const full = JSON.parse((await small.call(path, chat())).text);
    expect(full.choices[0].finish_reason).toBe("length");
    expect(full.usage.total_tokens).toBe(10);
  });

  it("a stop sequence ends the answer before it, and nothing is generated after it", async () => {
    const host = await hostWith({ isEndless: true });
    const answer = JSON.parse((await host.call(path, chat({ stop: ["two"] }))).text);
    expect(answer.choices[0].message.content).toBe("one ");
    expect(answer.choices[0].finish_reason).toBe("stop");
    expect(host.engine.pulled).toBe(2);
  });
});

describe("chat, streamed", () => {
  it("sends role, content, finish, the usage asked for and [DONE], in this order", async () => {
    const host = await hostWith();
    const more = { stream: true, stream_options: { include_usage: true } };
    const reply = await host.call(path, chat(more));
    expect(reply.headers["content-type"]).toBe("text/event-stream");
    const choice = (delta: object, finish: string | null = null): object => ({
      object: "chat.completion.chunk",
      usage: null,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    });
    expect(eventsOf(reply.text)).toMatchObject([
      choice({ role: "assistant", content: "" }),
      choice({ content: "one" }),
      choice({ content: " two" }),
      choice({ content: " three" }),
      choice({}, "stop"),
      { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
      "[DONE]",
    ]);
  });

  it("has no usage anywhere when nobody asked", async () => {
    const host = await hostWith();
    const reply = await host.call(path, chat({ stream: true }));
    expect(reply.text).not.toContain("usage");
    expect(eventsOf(reply.text)).toHaveLength(6);
  });

  it("a client that leaves ends the generation and frees the sequence", async () => {
    const host = await hostWith({ isEndless: true, waitAfter: 5, contextTokens: 100_000 });
    const outgoing = host.open(path, JSON.stringify(chat({ stream: true })));
    const [message]: IncomingMessage[] = await once(outgoing, "response");
    expect(host.context.slots.busy).toBe(1);
    message?.destroy();
    await closed(host);
    host.engine.open();
    await idle(host);
    expect(host.context.counters.aborted).toBe(1);
    expect(host.engine.pulled).toBeLessThanOrEqual(7);
  });

  it("a client that leaves a whole answer ends the generation, too", async () => {
    const host = await hostWith({ isEndless: true, waitAfter: 2, contextTokens: 100_000 });
    const outgoing = host.open(path, JSON.stringify(chat()));
    outgoing.on("error", () => undefined);
    await host.engine.begun(1);
    outgoing.destroy();
    await closed(host);
    host.engine.open();
    await idle(host);
    expect(host.context.counters.aborted).toBe(1);
    expect(host.engine.pulled).toBeLessThanOrEqual(4);
  });
});

/** Resolves when the host saw its only client's connection close. */
async function closed(host: Host): Promise<void> {
  const { server } = opened.at(-1) ?? {};
  while ((await connections(server)) > 0) await turn();
  expect(host.context.slots.busy).toBe(1);
}

async function idle(host: Host): Promise<void> {
  while (host.context.slots.busy > 0) await turn();
}

/** One turn of the event loop: sockets of this process move on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function connections(server: Server | undefined): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server?.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  return promise;
}

describe("queue", () => {
  it("beyond the queue the answer is 503 with Retry-After in OpenAI's envelope", async () => {
    const host = await hostWith({ waitAfter: 1 }, 1);
    const first = host.call(path, chat());
    await host.engine.begun(1);
    const second = host.call(path, chat());
    while (host.context.slots.queued < 1) await turn();
    const third = await host.call(path, chat());
    expect(third.status).toBe(503);
    expect(third.headers["retry-after"]).toBe("1");
    expect(JSON.parse(third.text)).toEqual({
      error: {
        message: "All sequences of the model are busy and its queue is full.",
        type: "server_error",
        param: null,
        code: "LL_MODEL_BUSY",
      },
    });
    host.engine.open();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  it("a request that waited for the whole queue time is answered 503", async () => {
    const host = await hostWith({ waitAfter: 1 });
    const first = host.call(path, chat());
    await host.engine.begun(1);
    const second = host.call(path, chat());
    while (host.context.slots.queued < 1) await turn();
    host.clock.advance(1000);
    expect((await second).status).toBe(503);
    host.engine.open();
    expect((await first).status).toBe(200);
  });
});

describe("other routes and mistakes", () => {
  it("lists its model and reports its counters", async () => {
    const host = await hostWith();
    await host.call(path, chat());
    const models = JSON.parse((await host.call("/v1/models")).text);
    expect(models.data).toEqual([
      { id: "fake", object: "model", created: 0, owned_by: "loadline" },
    ]);
    expect(JSON.parse((await host.call("/healthz")).text)).toEqual({
      status: "ok",
      rssBytesMax: 1,
      busy: 0,
      queued: 0,
      requests: 3,
      active: 0,
      aborted: 0,
      tokens: 4,
    });
  });

  it("counts a question as active until its answer is sent whole", async () => {
    const host = await hostWith({ waitAfter: 1 });
    const answer = host.call(path, chat());
    await host.engine.begun(1);
    expect(JSON.parse((await host.call("/healthz")).text)).toMatchObject({ active: 1 });
    host.engine.open();
    await answer;
    expect(JSON.parse((await host.call("/healthz")).text)).toMatchObject({ active: 0 });
  });

  it("says how many tokens its chat template makes of messages, and generates none", async () => {
    const host = await hostWith();
    expect(JSON.parse((await host.call("/apply-template", chat())).text)).toEqual({ tokens: 3 });
    expect(host.engine.pulled).toBe(0);
    expect((await host.call("/apply-template", chat({ messages: [] }))).status).toBe(400);
  });

  it("embeddings come as numbers or as base64 of float32, with their tokens", async () => {
    const host = await hostWith();
    const numbers = await host.call("/v1/embeddings", { model: "fake", input: ["ab", "c"] });
    expect(JSON.parse(numbers.text)).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: [1, -0.5] },
        { object: "embedding", index: 1, embedding: [1, -0.5] },
      ],
      model: "fake",
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
    const packed = { model: "fake", input: [1, 2], encoding_format: "base64" };
    const base64 = JSON.parse((await host.call("/v1/embeddings", packed)).text).data[0].embedding;
    expect([Buffer.from(base64, "base64").readFloatLE(4)]).toEqual([-0.5]);
  });

  it.each([
    ["a model made for none", {}, {}, "model"],
    ["one whose shape alone was agreed, for a query", any, { input_type: "query" }, "input_type"],
    ["the same, for retrieval", any, { task: "retrieval.passage" }, "task"],
    ["the same, for likeness", any, { task_type: "SEMANTIC_SIMILARITY" }, "task_type"],
  ])("embeddings of %s are refused as without meaning", async (_, options, fields, param) => {
    const host = await hostWith({ isEmbedder: false, ...options });
    const reply = await host.call("/v1/embeddings", { model: "fake", input: "a", ...fields });
    expect([reply.status, JSON.parse(reply.text).error]).toEqual([
      400,
      expect.objectContaining({ code: "LL_MODEL_NOT_SEMANTIC", param }),
    ]);
  });

  it.each([
    ["of a model made for it, whatever they are for", { isEmbedder: true }, { task: "x" }],
    ["of any model where shape alone was agreed", { isEmbedder: false, ...any }, {}],
  ])("embeddings %s are given", async (_, options, fields) => {
    const host = await hostWith(options);
    const reply = await host.call("/v1/embeddings", { model: "fake", input: "a", ...fields });
    expect(reply.status).toBe(200);
  });

  it.each([
    ["/v1/nothing", {}, 404, "LL_MODEL_ROUTE"],
    [path, { ...chat(), model: "other" }, 404, "LL_MODEL_NAME"],
    [path, chat({ messages: [] }), 400, "LL_MODEL_REQUEST"],
    [
      path,
      chat({ messages: [{ role: "user", content: "x ".repeat(64) }] }),
      400,
      "LL_MODEL_CONTEXT",
    ],
    ["/v1/embeddings", { model: "fake" }, 400, "LL_MODEL_REQUEST"],
    ["/v1/embeddings", { model: "fake", input: [] }, 400, "LL_MODEL_REQUEST"],
    ["/v1/embeddings", { model: "fake", input: "" }, 400, "LL_MODEL_REQUEST"],
    ["/v1/embeddings", { model: "fake", input: "a", dimensions: 2 }, 400, "LL_MODEL_REQUEST"],
    [
      "/v1/embeddings",
      { model: "fake", input: "a", encoding_format: "hex" },
      400,
      "LL_MODEL_REQUEST",
    ],
    ["/v1/embeddings", { model: "fake", input: "x".repeat(17) }, 400, "LL_MODEL_CONTEXT"],
  ])("%s %j is answered %i %s", async (url, body, status, code) => {
    const host = await hostWith();
    const reply = await host.call(url, body);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text).error.code).toBe(code);
    expect(host.context.slots.busy).toBe(0);
  });

  it("a body over 4 MiB is 413 and closes the connection", async () => {
    const host = await hostWith();
    const outgoing = host.open(path, Buffer.alloc(4 * 1024 * 1024 + 1, "x"));
    outgoing.on("error", () => undefined);
    const reply = await read(outgoing);
    expect(reply.status).toBe(413);
    expect(reply.headers.connection).toBe("close");
  });
});
