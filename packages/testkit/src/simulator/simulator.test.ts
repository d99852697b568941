import { once } from "node:events";
import { connect } from "node:net";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { eventually } from "../eventually.ts";
import { type Lies, startSimulator, type SimulatorOptions } from "./index.ts";

const patient = systemClock();
const until = (predicate: () => boolean): Promise<void> => eventually(patient, predicate, 10_000);
const messages = [{ role: "user", content: "hi" }];
const ask = { model: "sim-model", messages, max_tokens: 3 };

async function simulator(o: Partial<SimulatorOptions> = {}) {
  const one = await startSimulator({ clock: patient, ...o });
  const send = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const init =
      body === undefined
        ? { headers }
        : { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) };
    const answer = await fetch(`${one.baseUrl}${path}`, init);
    return { status: answer.status, text: await answer.text() };
  };
  const chat = (body: unknown = ask, headers = {}) => send("/chat/completions", body, headers);
  return { one, send, chat, [Symbol.asyncDispose]: () => one.close() };
}

const events = (text: string): string[] =>
  text
    .split("\n\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^data: /, ""));

describe("an honest simulator", () => {
  it("lists its model, answers health without a key, and counts its chats", async () => {
    await using s = await simulator({ apiKey: "k", model: "m" });
    const key = { authorization: "Bearer k" };
    const list = await s.send("/models", undefined, key);
    expect(JSON.parse(list.text)).toMatchObject({ data: [{ id: "m", object: "model" }] });
    expect((await fetch(s.one.baseUrl.replace("/v1", "/healthz"))).status).toBe(200);
    await s.chat({ ...ask, model: "m" }, key);
    expect(s.one.chats).toBe(1);
  });

  it("as many tokens as were asked for, and usage that adds up", async () => {
    await using s = await simulator();
    for (const count of [1, 3, 8]) {
      const { text } = await s.chat({ ...ask, max_tokens: count });
      const { choices, usage } = JSON.parse(text) as {
        choices: { message: { content: string } }[];
        usage: Record<string, number>;
      };
      expect(choices[0]?.message.content.split(" ")).toHaveLength(count);
      expect(usage).toEqual({
        prompt_tokens: 5,
        completion_tokens: count,
        total_tokens: 5 + count,
      });
    }
  });

  it("never more than it has words for", async () => {
    await using s = await simulator();
    const { text } = await s.chat({ ...ask, max_tokens: 1000 });
    expect(text).toContain('"completion_tokens":8');
  });

  it("a stream is its tokens, a finish, usage when asked for, and the marker", async () => {
    await using s = await simulator();
    const plain = events((await s.chat({ ...ask, stream: true })).text);
    expect(plain).toHaveLength(5);
    expect(plain.at(-1)).toBe("[DONE]");
    expect(plain.join()).not.toContain("usage");
    const options = { include_usage: true };
    const told = events((await s.chat({ ...ask, stream: true, stream_options: options })).text);
    expect(told).toHaveLength(6);
    expect(told.at(-2)).toContain('"completion_tokens":3');
  });

  it.each([
    ["a body that is no JSON", "{", 400, "not JSON"],
    ["a list as body", "[]", 400, "not JSON"],
    ["messages that are none", { model: "sim-model", messages: "hi" }, 400, "not a list"],
    ["another model", { ...ask, model: "other" }, 404, "does not exist"],
  ])("%s is refused in the API's envelope", async (_, body, status, message) => {
    await using s = await simulator();
    const answer = await s.chat(body);
    expect(answer.status).toBe(status);
    const parsed = JSON.parse(answer.text) as { error: { message: string; type: string } };
    expect(parsed.error.message).toContain(message);
  });

  it("a wrong or missing key is 401 everywhere but health", async () => {
    await using s = await simulator({ apiKey: "k" });
    for (const headers of [{}, { authorization: "Bearer x" }, { authorization: "k" }]) {
      expect((await s.chat(ask, headers)).status).toBe(401);
      expect((await s.send("/models", undefined, headers as Record<string, string>)).status).toBe(
        401,
      );
    }
    expect(s.one.chats).toBe(0);
  });

  it("the bound on bodies counts bytes, not letters", async () => {
    await using s = await simulator({ bodyBytesMax: 200 });
    const of = (letter: string, times: number) => ({
      ...ask,
      messages: [{ role: "user", content: letter.repeat(times) }],
    });
    expect((await s.chat(of("x", 100))).status).toBe(200);
    expect((await s.chat(of("é", 100))).status).toBe(413);
  });

  it("waits before the first byte and between tokens by its clock alone", async () => {
    const clock = new TestClock();
    await using s = await simulator({ clock, ttftMs: 1000, tokenMs: 100 });
    const answer = s.chat({ ...ask, stream: true });
    await until(() => clock.pending === 1);
    let isOver = false;
    void answer.then(() => (isOver = true));
    clock.advance(999);
    expect([clock.pending, isOver]).toEqual([1, false]);
    clock.advance(1);
    for (let token = 0; token < 5; token++) {
      await until(() => clock.pending === 1);
      clock.advance(100);
    }
    expect(events((await answer).text)).toHaveLength(5);
  });
});

describe("the schedule of faults", () => {
  it("each request of the window meets its fault, none before and none behind", async () => {
    await using s = await simulator({
      faults: [
        { from: 1, to: 3, give: 503 },
        { from: 4, to: 5, give: 429 },
      ],
    });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await s.chat()).status);
    expect(statuses).toEqual([200, 503, 503, 200, 429, 200]);
    expect(s.one.chats).toBe(6);
  });

  it("of two that overlap the first counts", async () => {
    await using s = await simulator({
      faults: [
        { from: 0, to: 1, give: 500 },
        { from: 0, to: 2, give: 429 },
      ],
    });
    expect([(await s.chat()).status, (await s.chat()).status]).toEqual([500, 429]);
  });

  it("a reset is one on the wire: the client's socket fails, it does not just end", async () => {
    await using s = await simulator({ faults: [{ from: 0, to: 1, give: "reset" }] });
    const socket = connect(Number(new URL(s.one.baseUrl).port), "127.0.0.1");
    await once(socket, "connect");
    let seen = "";
    socket.on("error", (error: NodeJS.ErrnoException) => (seen = error.code ?? "error"));
    socket.on("end", () => (seen ||= "end"));
    socket.resume();
    const body = JSON.stringify(ask);
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => seen !== "");
    expect(seen).toBe("ECONNRESET");
    expect((await s.chat()).status).toBe(200);
  });

  it("a stall keeps its connection and says no more: of a stream after half of its tokens, else nothing", async () => {
    await using s = await simulator({ faults: [{ from: 0, to: 2, give: "stall" }] });
    const heard = ["", ""];
    let ended = 0;
    for (const [at, body] of [{ ...ask, stream: true }, ask].entries()) {
      const socket = connect(Number(new URL(s.one.baseUrl).port), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.on("close", () => ended++);
      socket.on("data", (bytes) => void (heard[at] += bytes.toString("latin1")));
      const text = JSON.stringify(body);
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
      );
      await until(() => s.one.chats === at + 1);
    }
    await until(() => heard[0]?.includes("lines") === true);
    // Whoever comes after them is answered.
    expect((await s.chat()).status).toBe(200);
    expect(heard.map((text) => text.split("data: ").length - 1)).toEqual([2, 0]);
    expect([heard[1], ended]).toEqual(["", 0]);
  });
});

describe("each lie breaks its promise and no other", () => {
  const lie = async (lies: Lies, body: unknown = ask) => {
    await using s = await simulator({ lies, apiKey: "k", bodyBytesMax: 300 });
    return await s.chat(body, { authorization: "Bearer k" });
  };
  const streamed = { ...ask, stream: true, stream_options: { include_usage: true } };

  it("an error body under 200", async () => {
    const { status, text } = await lie({ errorBody200: true });
    expect([status, text.includes('"error"'), text.includes("choices")]).toEqual([
      200,
      true,
      false,
    ]);
  });

  it("no end marker, with everything before it", async () => {
    const all = events((await lie({ noDone: true }, streamed)).text);
    expect(all).toHaveLength(5);
    expect(all.at(-1)).toContain("usage");
  });

  it("no usage, streamed or whole", async () => {
    expect((await lie({ noUsage: true })).text).not.toContain("usage");
    expect((await lie({ noUsage: true }, streamed)).text).not.toContain('"usage"');
  });

  it("choices that are empty, or lack their index", async () => {
    expect(JSON.parse((await lie({ emptyChoices: true })).text)).toMatchObject({ choices: [] });
    expect((await lie({ noIndex: true }, streamed)).text).not.toContain('"index"');
    expect((await lie({}, streamed)).text).toContain('"index":0');
  });

  it("a body that is no JSON is taken, one that is too large is not, and the other way round", async () => {
    const large = { ...ask, messages: [{ role: "user", content: "x".repeat(400) }] };
    expect((await lie({ acceptMalformed: true }, "{")).status).toBe(200);
    expect((await lie({ acceptMalformed: true }, large)).status).toBe(413);
    expect((await lie({ acceptOversized: true }, large)).status).toBe(200);
    expect((await lie({ acceptOversized: true }, "{")).status).toBe(400);
  });

  it("keys that are not looked at", async () => {
    await using s = await simulator({ lies: { noAuth: true }, apiKey: "k" });
    expect((await s.chat(ask, { authorization: "Bearer wrong" })).status).toBe(200);
  });
});
