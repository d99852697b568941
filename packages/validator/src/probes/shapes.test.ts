import { shellLine } from "@loadline/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chatRequest, streamRequest } from "./chat-request.ts";
import type { Exchange, ProbeRequest } from "./client.ts";
import { wrongKey } from "./client.ts";
import { eventPayloads, readStream } from "./event-stream.ts";
import { reproduce } from "./reproduce.ts";
import { describeAnswer, envelopeFault, usageFault } from "./shapes.ts";

function exchangeOf(change: Partial<Exchange> = {}): Exchange {
  return {
    request: { method: "GET", path: "/models" },
    url: "http://127.0.0.1:1/v1/models",
    status: 200,
    headers: { "content-type": "text/event-stream" },
    body: Buffer.alloc(0),
    bodyBytes: 0,
    fault: null,
    durationMs: 1,
    ...change,
  };
}

describe("a target that gave no answer", () => {
  const silent = (fault: string, url = "http://127.0.0.1:1/"): string =>
    describeAnswer(exchangeOf({ status: null, fault, url }));

  it("is named with the code that was seen and with what it mostly means", () => {
    expect(silent("connect: ECONNREFUSED")).toBe("connect: ECONNREFUSED, nothing listens there");
    expect(silent("tls: EPROTO")).toBe("tls: EPROTO, the port speaks no TLS; is it http://?");
    expect(silent("tls: CERT_HAS_EXPIRED")).toContain("is over its time");
    expect(silent("tls: DEPTH_ZERO_SELF_SIGNED_CERT")).toContain("no authority known here");
    expect(silent("timeout: no end within 5 ms")).toBe("timeout: no end within 5 ms");
  });

  it("is asked about https only where plain HTTP was spoken to it", () => {
    const fault = "reset: closed by the peer before a response byte";
    expect(silent(fault)).toBe(`${fault}, closed without an answer; is it https://?`);
    expect(silent(fault, "https://127.0.0.1:1/")).toBe(`${fault}, closed without an answer`);
  });
});

it("a redirect is named with the address it leads to, a long one cut", () => {
  const to = (location: string): string =>
    describeAnswer(exchangeOf({ status: 302, headers: { location } }));
  expect(to("/login?next=%2Fv1")).toBe("HTTP 302 to /login?next=%2Fv1");
  expect(to("/x".repeat(5_000))).toHaveLength("HTTP 302 to ".length + 200);
  expect(describeAnswer(exchangeOf({ status: 304, headers: {} }))).toContain("HTTP 304 no content");
});

describe("events of a stream", () => {
  const payload = fc.string({ minLength: 1 }).filter((text) => !/[\r\n]/.test(text));

  it("come out as they went in, under any line end, with comments and other fields between", () => {
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const noise = fc.subarray([": ping", "event: message", "id: 7", "retry: 10"]);
    fc.assert(
      fc.property(
        fc.array(fc.array(payload, { minLength: 1, maxLength: 3 })),
        end,
        noise,
        (all, eol, extra) => {
          const text = all
            .map(
              (lines) => [...extra, ...lines.map((line) => `data: ${line}`)].join(eol) + eol + eol,
            )
            .join("");
          expect(eventPayloads(text)).toEqual(all.map((lines) => lines.join("\n")));
        },
      ),
    );
  });

  it("whatever bytes a target sends, reading them never throws and never ends without a chunk", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          payload.map((p) => Buffer.from(`data: ${p}\n\n`)),
        ),
        (raw) => {
          const reading = readStream(exchangeOf({ body: Buffer.from(raw) }));
          if (reading.fault === null) expect(reading.chunks.length).toBeGreaterThan(0);
          else expect(reading).toMatchObject({ chunks: [], ended: false });
        },
      ),
    );
  });
});

describe("usage", () => {
  it("holds for whole counts that add up with a prompt, and for nothing else", () => {
    const any = fc.oneof(
      fc.integer({ min: -2, max: 9 }),
      fc.double(),
      fc.string(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(any, any, any, (prompt, completion, total) => {
        const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total };
        const whole = [prompt, completion, total].every(
          (x) => Number.isSafeInteger(x) && Number(x) >= 0,
        );
        const isGood = whole && Number(prompt) > 0 && Number(prompt) + Number(completion) === total;
        expect(usageFault(usage) === null).toBe(isGood);
      }),
    );
    expect(usageFault({ prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 })).toBeNull();
  });

  it("counts that no answer to a few words has fail, though they add up", () => {
    const of = (prompt: number, completion: number): string | null =>
      usageFault({
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: prompt + completion,
      });
    expect(of(100_000, 100_000)).toBeNull();
    expect(of(100_001, 8)).toContain("counts 100001 tokens");
    expect(of(5, 100_001)).toContain("counts 100001 tokens");
    expect(of(1e300, 1)).toContain("lacks whole token counts");
  });
});

describe("an error envelope", () => {
  it("has a message that says something and a type, whatever else is sent", () => {
    const of = (body: unknown): string | null =>
      envelopeFault(exchangeOf({ body: Buffer.from(JSON.stringify(body)) }));
    expect(of({ error: { message: "no", type: "t" } })).toBeNull();
    for (const bad of [
      {},
      { error: "no" },
      { error: { message: "", type: "t" } },
      { error: { message: "no" } },
      { message: "no" },
    ]) {
      expect(of(bad), JSON.stringify(bad)).not.toBeNull();
    }
    fc.assert(fc.property(fc.jsonValue(), (value) => void of(value)));
  });
});

describe("requests of the prober", () => {
  it("ask for few tokens, and for usage only where the claim is about it", () => {
    expect(chatRequest("m").json).toMatchObject({ model: "m", max_tokens: 8 });
    expect(streamRequest("m", false).json).not.toHaveProperty("stream_options");
    expect(streamRequest("m", true).json).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    });
  });
});

describe("the command that shows it again", () => {
  const of = (request: ProbeRequest, env?: string): string[] =>
    reproduce(exchangeOf({ request }), env);

  it("names the variable of the key and never holds one", () => {
    const auth = (request: ProbeRequest, env?: string): string | undefined =>
      of(request, env).find((part) => part.startsWith("authorization"));
    const get = { method: "GET", path: "/models" } as const;
    expect(auth(get, "MY_KEY")).toBe("authorization: Bearer $MY_KEY");
    expect(auth({ ...get, key: "none" }, "MY_KEY")).toBeUndefined();
    expect(auth({ ...get, key: "wrong" }, "MY_KEY")).toBe(`authorization: Bearer ${wrongKey}`);
    expect(auth(get)).toBeUndefined();
  });

  it("opens no variable that a model of the target is named after", () => {
    const model = "$AWS_SECRET_ACCESS_KEY ${HOME} $(cat key)";
    const head = `{"model":${JSON.stringify(model)},`;
    const requests: ProbeRequest[] = [
      chatRequest(model),
      { method: "POST", path: "/x", body: Buffer.from(`${head}"max_tokens":1}`) },
    ];
    for (const request of requests) {
      const argv = of(request, "MY_KEY");
      expect(shellLine(argv).match(/\$[^ "]*/g)).toEqual(["$MY_KEY"]);
      const sent: unknown = JSON.parse(argv[argv.indexOf("--data-binary") + 1] ?? "");
      expect(sent).toMatchObject({ model });
    }
  });

  it("sends the same body with its type, and names a file for one that is too long", () => {
    const argv = of(chatRequest("m"));
    expect(argv).toContain("content-type: application/json");
    expect(JSON.parse(argv[argv.indexOf("--data-binary") + 1] ?? "")).toEqual(
      chatRequest("m").json,
    );
    const long = of({ method: "POST", path: "/x", body: Buffer.alloc(5_000, "a") });
    expect(long).toContain("@body-of-5000-bytes.json");
    expect(long.join(" ").length).toBeLessThan(500);
    expect(of({ method: "GET", path: "/models" })).toEqual(["curl", "-sS", "-i", exchangeOf().url]);
  });
});
