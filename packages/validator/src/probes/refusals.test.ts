import { systemClock } from "@loadline/kit/clock";
import { createEgress } from "@loadline/kit/egress";
import { describe, expect, it } from "vitest";
import { targetSchema } from "../plan/manifest.ts";
import { createProbeClient, keptBytesMax, modelListBytesMax } from "./client.ts";
import type { ProbeFinding } from "./probe.ts";
import { type Answer, reply, startRaw, stream } from "./raw-server.fixture.ts";
import {
  cleanCompletion,
  cleanUsage,
  contentChunk,
  finishChunk,
  refusal,
  roleChunk,
  usageChunk,
} from "./samples.ts";
import { probes } from "./table.ts";

async function runProbe(
  id: string,
  answer: Answer | string,
  timeoutMs = 10_000,
): Promise<readonly ProbeFinding[]> {
  const probe = probes.find((one) => one.id === id);
  if (probe === undefined) throw new Error(`no probe ${id}`);
  const say: Answer = typeof answer === "string" ? (socket) => void socket.end(answer) : answer;
  await using server = await startRaw(say);
  const signal = new AbortController().signal;
  const client = createProbeClient({
    baseUrl: server.baseUrl,
    egress: createEgress({ allowHosts: ["127.0.0.1"] }),
    clock: systemClock(),
    run: "run-1",
    apiKey: "sk-right",
    timeoutMs,
    signal,
  });
  const target = targetSchema.parse({ url: server.baseUrl, bodyBytesMax: 4096, healthPath: "/up" });
  const found = await probe.run({ client, target, model: "m", signal });
  client.close();
  return found;
}

const json = JSON.stringify;
const chat = json(cleanCompletion);
const envelope = json(refusal("no"));
const models = json({ object: "list", data: [{ id: "m" }] });
const vector = { object: "embedding", embedding: [0.1, 0.2] };
const vectors = json({ object: "list", data: [0, 1].map((index) => ({ ...vector, index })) });
const events = [roleChunk, contentChunk, finishChunk, usageChunk, "[DONE]"];

/** An answer of each probe that it takes for good, as status and body. */
const good: Readonly<Record<string, readonly [number, string]>> = {
  "http.health": [200, "up"],
  "http.unknown_route": [404, envelope],
  "openai.models": [200, models],
  "openai.chat": [200, chat],
  "openai.chat_usage": [200, chat],
  "openai.error_shape": [422, envelope],
  "openai.auth": [401, envelope],
  "openai.unknown_model": [404, envelope],
  "openai.malformed": [400, envelope],
  "openai.embeddings": [200, vectors],
};
const streamed = ["openai.stream", "openai.stream_end", "openai.stream_usage"];

describe.each(Object.entries(good))("%s", (id, [status, body]) => {
  it("takes the good answer of a server of bytes", async () => {
    const found = await runProbe(id, reply(status, body));
    expect(found.filter(({ ok }) => !ok).map(({ seen }) => seen)).toEqual([]);
  });

  it("refuses a whole body in an answer that is cut short: a client waits for the rest", async () => {
    const found = await runProbe(id, reply(status, body, { length: body.length + 10 }));
    expect(found.map(({ ok }) => ok)).not.toContain(true);
    expect(found[0]?.seen).toContain("reset");
  });

  it("refuses a whole body in an answer that hangs, in bounded time", async () => {
    const hang = reply(status, body, { length: body.length + 10 });
    const found = await runProbe(id, (socket) => void socket.write(hang), 300);
    expect(found.map(({ ok }) => ok)).not.toContain(true);
    expect(found[0]?.seen).toContain("timeout: no end within 300 ms");
    expect(found[0]?.exchange.durationMs).toBeLessThan(10_000);
  });

  it("refuses a redirect, a page, an error of the server, and a server that hangs up", async () => {
    for (const answer of [
      reply(302, "", { headers: "location: /login\r\n" }),
      reply(500, body),
      reply(204, ""),
    ]) {
      const found = await runProbe(id, answer);
      expect(
        found.map(({ ok }) => ok),
        answer,
      ).not.toContain(true);
    }
    const silent = await runProbe(id, (socket) => void socket.end());
    expect(silent.map(({ ok }) => ok)).not.toContain(true);
  });
});

describe.each(Object.entries(good).filter(([id]) => id !== "http.health"))(
  "%s, of which clients read the body",
  (id, [status, body]) => {
    it("refuses its status with a page, with half a body, and with nothing", async () => {
      for (const text of ["<html>error</html>", body.slice(0, -3), "", "null", "[]", "7"]) {
        const found = await runProbe(id, reply(status, text));
        expect(
          found.map(({ ok }) => ok),
          text,
        ).not.toContain(true);
      }
    });
  },
);

describe.each(streamed)("%s", (id) => {
  it("takes a good stream, with LF or CR LF, with comments, under its type in any case", async () => {
    expect((await runProbe(id, stream(events)))[0]).toMatchObject({ ok: true });
    const text = events.map((e) => `: ping\r\ndata:${typeof e === "string" ? e : json(e)}\r\n\r\n`);
    const type = "Text/Event-Stream; charset=utf-8";
    expect((await runProbe(id, reply(200, text.join(""), { type })))[0]).toMatchObject({
      ok: true,
    });
  });

  it.each<[string, string]>([
    ["a whole completion in place of a stream", reply(200, chat)],
    ["a stream under another content type", stream(events, "application/json")],
    ["a content type that only begins like it", stream(events, "text/event-streams")],
    ["a stream of nothing", stream([])],
    ["nothing but its end", stream(["[DONE]"])],
    ["an error in the stream", stream([roleChunk, refusal("overloaded"), "[DONE]"])],
    ["an event that is no JSON", stream([roleChunk, "{broken", "[DONE]"])],
    ["an event that is a list", stream([[roleChunk], "[DONE]"])],
    ["an error status with a good stream", stream(events).replace("200 X", "503 X")],
  ])("refuses %s", async (_, answer) => {
    expect((await runProbe(id, answer))[0]).toMatchObject({ ok: false });
  });
});

describe("openai.stream_end", () => {
  it.each<[string, string]>([
    ["a stream without [DONE]", stream(events.slice(0, -1))],
    ["a chunk after [DONE]", stream(["[DONE]", ...events.slice(0, -1)])],
    ["[DONE] in another writing", stream([...events.slice(0, -1), '"[DONE]"'])],
    [
      "[DONE] and then a broken end",
      stream(events).replace(/content-length: \d+/, "content-length: 9999"),
    ],
  ])("refuses %s", async (_, answer) => {
    expect((await runProbe("openai.stream_end", answer))[0]).toMatchObject({ ok: false });
  });

  it("refuses a stream that says [DONE] and stays open, in bounded time", async () => {
    const open = stream(events).replace(/content-length: \d+/, "content-length: 9999");
    const [found] = await runProbe("openai.stream_end", (s) => void s.write(open), 1_000);
    expect(found).toMatchObject({ ok: false });
    expect(found?.seen).toContain("cut: timeout");
  });
});

describe("openai.stream", () => {
  const base = { id: "c", object: "chat.completion.chunk" };
  const delta = { index: 0, delta: { content: "x" }, finish_reason: null };
  const last = { ...base, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  it.each<[string, readonly unknown[]]>([
    ["a chunk without its id", [{ ...base, id: "", choices: [delta] }, last]],
    ["a chunk of another object", [{ ...base, object: "chat", choices: [delta] }, last]],
    ["a chunk without choices", [{ ...base, choices: [delta] }, base, last]],
    ["a choice without its delta", [{ ...base, choices: [{ index: 0 }] }, last]],
    ["two ids in one stream", [{ ...base, id: "d", choices: [delta] }, last]],
    ["no content at all", [last]],
    ["no reason why it ended", [{ ...base, choices: [delta] }]],
    ["a reason nobody knows", [{ ...base, choices: [{ ...delta, finish_reason: "done" }] }]],
  ])("refuses %s", async (_, chunks) => {
    const [found] = await runProbe("openai.stream", stream([...chunks, "[DONE]"]));
    expect(found).toMatchObject({ ok: false });
  });

  it("takes reasoning for content", async () => {
    const thought = { ...base, choices: [{ ...delta, delta: { reasoning_content: "hm" } }] };
    expect((await runProbe("openai.stream", stream([thought, last, "[DONE]"])))[0]?.ok).toBe(true);
  });
});

describe("openai.chat", () => {
  const [choice] = cleanCompletion.choices;
  it.each<[string, Record<string, unknown>]>([
    ["an error body", { error: { message: "loading" } }],
    ["no id", { id: "" }],
    ["another object", { object: "text_completion" }],
    ["no choice", { choices: [] }],
    ["a choice of another index", { choices: [{ ...choice, index: 1 }] }],
    ["a message of the user", { choices: [{ ...choice, message: { role: "user", content: "" } }] }],
    [
      "content that is no text",
      { choices: [{ ...choice, message: { role: "assistant", content: null } }] },
    ],
    ["no reason why it ended", { choices: [{ ...choice, finish_reason: null }] }],
    ["no word", { choices: [{ ...choice, message: { role: "assistant", content: "" } }] }],
  ])("refuses HTTP 200 with %s", async (_, change) => {
    const [found] = await runProbe(
      "openai.chat",
      reply(200, json({ ...cleanCompletion, ...change })),
    );
    expect(found).toMatchObject({ ok: false });
  });

  it.each<[string, object, string]>([
    ["reasoning beside empty content", { content: "", reasoning_content: "hm" }, "stop"],
    ["reasoning beside no content", { content: null, reasoning: "hm" }, "length"],
    ["hidden reasoning that used up all tokens", { content: "" }, "length"],
    ["a text that a filter took away", { content: "" }, "content_filter"],
  ])("takes %s for an answer", async (_, message, finish_reason) => {
    const said = { ...choice, message: { role: "assistant", ...message }, finish_reason };
    const body = json({ ...cleanCompletion, choices: [said] });
    expect(await runProbe("openai.chat", reply(200, body))).toMatchObject([{ ok: true }]);
  });

  it("refuses a good body under another content type, or none: clients read it as text", async () => {
    for (const type of ["text/html", "text/plain; charset=utf-8", "application/jsonl", null]) {
      const [found] = await runProbe("openai.chat", reply(200, chat, { type }));
      expect(found, String(type)).toMatchObject({ ok: false });
      expect(found?.seen).toContain("content type");
    }
    for (const type of ["Application/JSON; charset=utf-8", "application/vnd.api+json"]) {
      expect((await runProbe("openai.chat", reply(200, chat, { type })))[0]?.ok, type).toBe(true);
    }
  });
});

describe.each(["openai.chat_usage", "openai.stream_usage"])("%s", (id) => {
  it.each<[string, unknown]>([
    ["missing", undefined],
    ["null", null],
    ["no object", 7],
    ["without a count", { prompt_tokens: 5, total_tokens: 7 }],
    ["of texts", { prompt_tokens: "5", completion_tokens: "2", total_tokens: "7" }],
    ["of half tokens", { prompt_tokens: 5.5, completion_tokens: 1.5, total_tokens: 7 }],
    ["below zero", { prompt_tokens: 8, completion_tokens: -1, total_tokens: 7 }],
    ["of no prompt", { prompt_tokens: 0, completion_tokens: 2, total_tokens: 2 }],
    ["that does not add up", { ...cleanUsage, total_tokens: 8 }],
  ])("refuses usage %s", async (_, usage) => {
    const isStream = id === "openai.stream_usage";
    const body = isStream
      ? stream([roleChunk, contentChunk, finishChunk, { ...usageChunk, usage }, "[DONE]"])
      : reply(200, json({ ...cleanCompletion, usage }));
    const [found] = await runProbe(id, body);
    expect(found).toMatchObject({ ok: false });
    expect(found?.seen).toContain("usage");
  });
});

describe("openai.auth", () => {
  it("refuses an open door for either key by its own part", async () => {
    for (const [open, parts] of [
      ["none", ["no key"]],
      ["wrong", ["wrong key"]],
    ] as const) {
      const found = await runProbe("openai.auth", (socket, request) => {
        const isNone = !request.includes("authorization:");
        const isOpen = isNone === (open === "none");
        socket.end(isOpen ? reply(200, chat) : reply(401, envelope));
      });
      expect(found.filter(({ ok }) => !ok).map(({ part }) => part)).toEqual(parts);
    }
  });
});

describe("openai.embeddings", () => {
  const rows = (...data: readonly unknown[]): string => json({ object: "list", data });
  it.each<[string, string]>([
    ["one vector for two inputs", rows({ ...vector, index: 0 })],
    ["vectors in another order", rows({ ...vector, index: 1 }, { ...vector, index: 0 })],
    ["an empty vector", rows({ ...vector, index: 0 }, { index: 1, embedding: [] })],
    ["a text for a vector", rows({ ...vector, index: 0 }, { index: 1, embedding: "AAAA" })],
    [
      "an entry that is no number",
      rows({ ...vector, index: 0 }, { index: 1, embedding: [1, null] }),
    ],
    ["vectors of two lengths", rows({ ...vector, index: 0 }, { index: 1, embedding: [1] })],
  ])("refuses %s", async (_, body) => {
    expect((await runProbe("openai.embeddings", reply(200, body)))[0]?.ok).toBe(false);
  });
});

describe("openai.oversized", () => {
  it("takes 413, another 4xx, or a closed connection for a refusal", async () => {
    for (const answer of [reply(413, envelope), reply(400, ""), reply(413, "", { length: 5 })]) {
      expect((await runProbe("openai.oversized", answer))[0]?.ok, answer).toBe(true);
    }
    const closed = await runProbe("openai.oversized", (socket) => void socket.destroy());
    expect(closed[0]?.ok).toBe(true);
  });

  it("does not take a refusal of the caller, its time or its pace for one of the body", async () => {
    for (const status of [401, 403, 407, 408, 429]) {
      const [found] = await runProbe("openai.oversized", reply(status, envelope));
      expect(found?.ok, `${status}`).toBe(false);
      expect(found?.seen).toContain(`HTTP ${status}`);
    }
  });

  it("does not take an answer, a breakdown or a hanging server for one", async () => {
    for (const answer of [reply(200, chat), reply(500, envelope), reply(302, "")]) {
      expect((await runProbe("openai.oversized", answer))[0]?.ok, answer).toBe(false);
    }
    const hung = await runProbe("openai.oversized", () => undefined, 300);
    expect(hung[0]).toMatchObject({ ok: false });
    expect(hung[0]?.seen).toContain("timeout");
  });
});

describe("http.alive", () => {
  it("takes any answer below 500, a login page too, and no breakdown", async () => {
    for (const status of [200, 302, 401, 404]) {
      expect((await runProbe("http.alive", reply(status, "")))[0]?.ok, `${status}`).toBe(true);
    }
    for (const answer of [reply(500, ""), reply(503, ""), "SSH-2.0\r\n\r\n"]) {
      expect((await runProbe("http.alive", answer))[0]?.ok, answer).toBe(false);
    }
  });
});

describe("answers that are long", () => {
  const named = (names: number, id: (at: number) => string): string =>
    json({ object: "list", data: Array.from({ length: names }, (_, at) => ({ id: id(at) })) });

  it("a list of 100,000 models is read whole, and is no fault", async () => {
    const list = named(100_000, (at) => `model-${at}`);
    expect(list.length).toBeGreaterThan(keptBytesMax);
    const [found] = await runProbe("openai.models", reply(200, list));
    expect(found).toMatchObject({ ok: true });
  });

  it("a list without end is said to be long, not to be no JSON, and is kept up to a bound", async () => {
    const list = named(20, () => "m".repeat(1_000_000));
    const [found] = await runProbe("openai.models", reply(200, list));
    expect(found?.seen).toBe(
      `the answer has ${list.length} bytes, of which a prober reads ${modelListBytesMax}`,
    );
    expect(found?.exchange.body.length).toBe(modelListBytesMax);
  });

  it("a stream whose one event is longer than what is read is said to be long", async () => {
    const giant = { ...contentChunk, padding: "x".repeat(3_000_000) };
    for (const id of streamed) {
      const [found] = await runProbe(id, stream([roleChunk, giant, finishChunk, "[DONE]"]));
      expect(found?.ok, id).toBe(false);
      expect(found?.seen, id).toContain(`of which a prober reads ${keptBytesMax}`);
    }
  });

  it("a model without a name is none: nobody can ask for it", async () => {
    const [found] = await runProbe(
      "openai.models",
      reply(
        200,
        named(1, () => ""),
      ),
    );
    expect(found).toMatchObject({ ok: false, seen: "a model has no `id`" });
  });
});
