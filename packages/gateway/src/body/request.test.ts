import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  choicesOf,
  isBodyProblem,
  outputBoundOf,
  readRequestBody,
  type RequestBody,
} from "./request.ts";
import { upstreamEdits } from "./edits.ts";
import { requestKeyNames } from "./rules.ts";
import { spliceBytes } from "./splice.ts";

function read(value: unknown): RequestBody {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const body = readRequestBody(Buffer.from(text), "chat");
  if (isBodyProblem(body)) throw new Error(body.message);
  return body;
}

function problem(value: unknown, operation: "chat" | "embeddings" = "chat"): unknown[] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const body = readRequestBody(Buffer.from(text), operation);
  return isBodyProblem(body) ? [body.code, body.param] : [];
}

function edited(value: unknown, model: string, addUsage: boolean): string {
  const body = read(value);
  return spliceBytes(body.bytes, upstreamEdits(body, { model, addUsage })).toString();
}

const chat = { model: "a", messages: [] };

describe("readRequestBody", () => {
  it("reads model, stream and whether the client asked for usage", () => {
    const body = read({ ...chat, stream: true, stream_options: { include_usage: true } });
    expect([body.model, body.isStream, body.wantsUsage]).toEqual(["a", true, true]);
    expect(read({ ...chat, stream: null, stream_options: null }).isStream).toBe(false);
  });

  it("names the member that is missing or of the wrong type", () => {
    expect(problem({ messages: [] })).toEqual(["LL_BODY_FIELD", "model"]);
    expect(problem({ ...chat, model: 7 })).toEqual(["LL_BODY_FIELD", "model"]);
    expect(problem({ ...chat, model: "" })).toEqual(["LL_BODY_FIELD", "model"]);
    expect(problem({ model: "a" })).toEqual(["LL_BODY_FIELD", "messages"]);
    expect(problem({ model: "a", messages: {} })).toEqual(["LL_BODY_FIELD", "messages"]);
    expect(problem({ ...chat, stream: "true" })).toEqual(["LL_BODY_FIELD", "stream"]);
    expect(problem({ ...chat, stream_options: 1 })).toEqual(["LL_BODY_FIELD", "stream_options"]);
    expect(problem({ ...chat, loadline: 1 })).toEqual(["LL_BODY_FIELD", "loadline"]);
    expect(problem({ ...chat, loadline: { x: 1 } })).toEqual(["LL_BODY_FIELD", "loadline.x"]);
    expect(problem({ model: "a", input: 1 }, "embeddings")).toEqual(["LL_BODY_FIELD", "input"]);
    expect(problem({ model: "a", input: "x" }, "embeddings")).toEqual([]);
    expect(problem('{"model":"a","model":"b","messages":[]}')).toEqual([
      "LL_BODY_DUPLICATE_KEY",
      "model",
    ]);
  });
});

describe("a refusal says where", () => {
  it.each([
    ['{"model":"m","messages":7}', "LL_BODY_FIELD", "at byte 24"],
    ['{"model": 1,"messages":[]}', "LL_BODY_FIELD", "at byte 10"],
    ['{"model":"m","messages":[],"n":0}', "LL_BODY_FIELD", "at byte 31"],
    ['{"model":"m","model":"n"}', "LL_BODY_DUPLICATE_KEY", "at byte 13"],
    ['{"model":tru}', "LL_BODY_INVALID_JSON", "at byte 9"],
  ])("%s: %s %s", (text, code, place) => {
    expect(readRequestBody(Buffer.from(text), "chat")).toMatchObject({
      code,
      message: expect.stringContaining(place),
    });
  });
});

describe("upstreamEdits", () => {
  it("no edit leaves the very same bytes", () => {
    const body = read(chat);
    expect(spliceBytes(body.bytes, upstreamEdits(body, { model: "a", addUsage: true }))).toBe(
      body.bytes,
    );
  });

  it("replaces only the model's bytes: odd numbers, order and spacing survive", () => {
    const text = '{ "temperature":1.0e0, "model" : "a" ,"messages":[ ],"x":12345678901234567890}';
    expect(edited(text, 'b"\u{1f600}', false)).toBe(text.replace('"a"', '"b\\"\u{1f600}"'));
  });

  it("adds include_usage to a stream, whatever stream_options looks like", () => {
    const stream = { ...chat, stream: true };
    for (const options of [undefined, null, {}, { include_usage: false }, { x: 1 }]) {
      const value = options === undefined ? stream : { ...stream, stream_options: options };
      const out: unknown = JSON.parse(edited(value, "a", true));
      expect(out).toEqual({ ...stream, stream_options: { ...options, include_usage: true } });
    }
  });

  it("adds nothing when the client asked, for no stream, and when not wanted", () => {
    const asked = JSON.stringify({
      ...chat,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(edited(asked, "a", true)).toBe(asked);
    expect(edited(chat, "a", true)).toBe(JSON.stringify(chat));
    expect(edited({ ...chat, stream: true }, "a", false)).toContain('"stream":true}');
  });

  it("for any document the edited one parses to the same values but the edited ones", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (extra, model) => {
        for (const key of [...requestKeyNames, "__proto__"]) Reflect.deleteProperty(extra, key);
        const value = { ...extra, ...chat, stream: true };
        const out: unknown = JSON.parse(edited(value, model, true));
        const wanted: unknown = JSON.parse(
          JSON.stringify({ ...value, model, stream_options: { include_usage: true } }),
        );
        expect(out).toEqual(wanted);
      }),
    );
  });

  it("cuts our own object out with one comma, wherever it stands", () => {
    const own = '"loadline" : {"noFallback":true}';
    const rest = '"model":"a","messages":[]';
    const texts = [
      `{ ${own} , ${rest}}`,
      `{"model":"a", ${own}\n,"messages":[]}`,
      `{${rest} ,\n${own} }`,
    ];
    expect(texts.map((text) => edited(text, "b", false))).toEqual([
      '{  "model":"b","messages":[]}',
      '{"model":"b", "messages":[]}',
      '{"model":"b","messages":[]  }',
    ]);
  });

  it("overlapping edits are refused", () => {
    const bytes = Buffer.from("abcdef");
    const edits = [
      { start: 0, end: 3, text: "x" },
      { start: 2, end: 4, text: "y" },
    ];
    expect(() => spliceBytes(bytes, edits)).toThrow(RangeError);
  });
});

describe("what a limiter reads", () => {
  it("counts the bytes of all string values and the elements of messages", () => {
    const body = read({
      model: "a",
      stop: ["x", "y"],
      messages: [{ role: "user", content: [{ type: "text", text: "héllo" }] }, { role: "s" }],
    });
    expect([body.textBytes, body.messageCount]).toEqual([1 + 2 + 4 + 4 + 6 + 1, 2]);
    expect(read(chat).messageCount).toBe(0);
  });

  it("counts the elements of every shape of input, however it is spaced", () => {
    const count = (text: string): number => {
      const body = readRequestBody(Buffer.from(`{"model":"a","input":${text}}`), "embeddings");
      return isBodyProblem(body) ? -1 : body.messageCount;
    };
    expect(
      ['"a,b"', "[ ]", '[ "a" ]', '["a,","b]"]', "[[1,2],[3,4],[5]]", '[{"a":[1,2]},7]'].map(count),
    ).toEqual([1, 0, 1, 2, 3, 2]);
    expect(["[1,2,3]", " [ -1 ]"].map(count)).toEqual([1, 1]);
  });

  it("counts a base64 medium as 4,096 bytes of text, and long text in full", () => {
    const bytesOf = (part: unknown): number =>
      read({ model: "a", messages: [{ content: [part] }] }).textBytes - 1;
    const long = "A".repeat(100_000);
    expect(bytesOf({ image_url: { url: `data:image/png;base64,${long}` } })).toBe(4096);
    expect(bytesOf({ source: { data: long } })).toBe(4096);
    expect(bytesOf({ file_data: `data:application/pdf;base64,${long}` })).toBe(4096);
    expect(bytesOf({ source: { data: `data:image/png;base64,${long}==` } })).toBe(4096);
    expect(bytesOf({ text: long })).toBe(100_000);
    expect(bytesOf({ url: long })).toBe(100_000);
  });

  it("knows base64 in both alphabets, and as encoders of JSON escape it", () => {
    const every = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_".repeat(90);
    const spellings = [
      every,
      every.replaceAll("/", "\\/"),
      every.replaceAll("+", "\\u002B").replaceAll("/", "\\u002f"),
      `${every}\\u003d\\u003D`,
    ];
    for (const text of spellings) {
      const body = readRequestBody(
        Buffer.from(`{"model":"a","messages":[{"data":"${text}"}]}`),
        "chat",
      );
      expect(isBodyProblem(body) ? body : body.textBytes - 1).toBe(4096);
    }
  });

  it.each([
    [
      "text that calls itself a data URL",
      { role: "user", content: `data: ${"word ".repeat(2000)}` },
    ],
    ["text that calls itself one, without blanks", { content: `data:${"word-".repeat(2000)}` }],
    ["a document of plain text", { source: { type: "text", data: "word ".repeat(2000) } }],
    ["an address that holds a text", { image_url: { url: `data:,${"word ".repeat(2000)}` } }],
    ["a text without blanks", { source: { type: "text", data: "汉字".repeat(2000) } }],
    ["an argument of a tool", { input: { data: "{'a':1}".repeat(2000) } }],
    ["a text in the head of an address", { url: `data:${"word-".repeat(2000)},AAAA` }],
    ["base64 with a text behind it", { source: { data: `${"A".repeat(10_000)}.` } }],
    ...["\n", "\t", "\u00a0", "\u0001", '"', "\\", ",", ":"].map((between): [string, object] => [
      `a text with ${JSON.stringify(between)} for its blanks`,
      { source: { type: "text", data: `word${between}`.repeat(2000) } },
    ]),
  ])("counts %s in full", (_name, message) => {
    expect(read({ model: "a", messages: [message] }).textBytes).toBeGreaterThan(10_000);
  });

  it("counts tokens that are given by their numbers as tokens", () => {
    const tokensOf = (operation: "completions" | "embeddings", content: unknown): number => {
      const name = operation === "completions" ? "prompt" : "input";
      const value = { model: "a", [name]: content };
      const body = readRequestBody(Buffer.from(JSON.stringify(value, null, 1)), operation);
      return isBodyProblem(body) ? -1 : (body.textBytes - 1) / 3;
    };
    const ids = Array.from({ length: 5000 }, (_, i) => i);
    for (const operation of ["completions", "embeddings"] as const) {
      expect(tokensOf(operation, ids)).toBe(5000);
      expect(tokensOf(operation, [ids, ids])).toBe(10_000);
      expect(tokensOf(operation, ["abc", "def"])).toBe(2);
    }
  });

  it("counts an answer for each prompt of a text completion, and n for each of those", () => {
    const answers = (prompt: unknown, more: object = {}): number => {
      const body = readRequestBody(
        Buffer.from(JSON.stringify({ model: "a", prompt, ...more })),
        "completions",
      );
      return isBodyProblem(body) ? -1 : choicesOf(body);
    };
    expect([answers("a"), answers(["a"]), answers([1, 2, 3]), answers([])]).toEqual([1, 1, 1, 1]);
    expect([answers(["a", "b", "c"]), answers([[1], [2, 3]])]).toEqual([3, 2]);
    expect(answers(["a", "b", "c"], { n: 4 })).toBe(12);
    expect(answers(["a", "b"], { n: 2, best_of: 20 })).toBe(40);
    expect([answers("a", { best_of: 129 }), answers("a", { best_of: "2" })]).toEqual([-1, -1]);
    expect(choicesOf(read({ ...chat, best_of: "a member of theirs" }))).toBe(1);
    expect(choicesOf(read({ ...chat, messages: [{}, {}] }))).toBe(1);
  });

  it("reads n and the bound in every spelling of a positive integer, and refuses others", () => {
    expect([choicesOf(read(chat)), outputBoundOf(read(chat))]).toEqual([1, 0]);
    const body = read('{"model":"a","messages":[],"n":3,"max_tokens":1e3}');
    expect([choicesOf(body), outputBoundOf(body)]).toEqual([3, 1000]);
    for (const bound of ["-1", "0", "1.5", '"9"', "[]", "1e999"])
      expect(problem(`{"model":"a","messages":[],"max_tokens":${bound}}`)).toEqual([
        "LL_BODY_FIELD",
        "max_tokens",
      ]);
    expect(outputBoundOf(read({ ...chat, max_tokens: null, n: null }))).toBe(0);
    expect(problem({ ...chat, n: 129 })).toEqual(["LL_BODY_FIELD", "n"]);
    expect(outputBoundOf(read({ ...chat, max_tokens: 9, max_completion_tokens: 7 }))).toBe(9);
    expect(outputBoundOf(read({ ...chat, max_tokens: 1, max_completion_tokens: 4000 }))).toBe(4000);
  });

  it("splices a bound once: added when absent, in the place of a larger one", () => {
    const bounded = (value: unknown): string => {
      const body = read(value);
      const edits = upstreamEdits(body, { model: "a", addUsage: false, outputBound: 64 });
      return spliceBytes(body.bytes, edits).toString();
    };
    expect(bounded(chat)).toBe('{"model":"a","messages":[],"max_tokens":64}');
    expect(bounded({ ...chat, max_tokens: 65 })).toBe(
      '{"model":"a","messages":[],"max_tokens":64}',
    );
    expect(bounded({ ...chat, max_tokens: null })).toContain('"max_tokens":64');
    expect(bounded({ ...chat, max_completion_tokens: 63 })).toContain('tokens":63}');
    expect(bounded({ ...chat, max_tokens: 5, max_completion_tokens: 900 })).toContain(
      '"max_tokens":5,"max_completion_tokens":64}',
    );
  });
});
