import { describe, expect, it } from "vitest";
import { classifyError, classifyReported, classifyStatus, type ErrorRule } from "./classify.ts";

const body = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe("the class of a status", () => {
  it.each([
    [300, "misconfigured"],
    [400, "caller"],
    [401, "key"],
    [402, "key"],
    [403, "key"],
    [404, "misconfigured"],
    [408, "misconfigured"],
    [413, "caller"],
    [422, "caller"],
    [429, "rate_limited"],
    [499, "misconfigured"],
    [500, "server"],
    [502, "server"],
    [503, "server"],
    [504, "server"],
    [529, "overloaded"],
  ] as const)("%i is %s", (status, failure) => {
    expect(classifyStatus(status, false)).toBe(failure);
  });

  it("503 that says when to come back is an upstream at its end, no other status is", () => {
    expect(classifyStatus(503, true)).toBe("overloaded");
    expect([500, 502, 504].map((status) => classifyStatus(status, true))).toEqual([
      "server",
      "server",
      "server",
    ]);
  });
});

const rules: readonly ErrorRule[] = [
  { status: 404, code: /^not_found$/, failure: "caller" },
  { code: /^quota$/, failure: "key" },
  { status: 418, failure: "busy" },
  { code: /quota/, failure: "rate_limited" },
];

describe("the class of an error by its provider's rules", () => {
  const of = (status: number, value: unknown): string =>
    classifyError(rules, status, false, value === undefined ? undefined : body(value));

  it("the first rule that fits counts, whichever member names the code", () => {
    for (const member of ["code", "type", "status"])
      expect(of(500, { error: { [member]: "quota" } })).toBe("key");
    expect(of(500, { error: { details: [{ reason: "x" }, { reason: "quota" }] } })).toBe("key");
    expect(of(500, [{ error: { status: "quota" } }])).toBe("key");
    expect(of(500, { error: { code: "no quota" } })).toBe("rate_limited");
  });

  it("a rule with a status is for that status alone, one without a code needs no body", () => {
    expect(of(404, { error: { code: "not_found" } })).toBe("caller");
    expect(of(500, { error: { code: "not_found" } })).toBe("server");
    expect(of(418, undefined)).toBe("busy");
    expect(of(417, undefined)).toBe("misconfigured");
  });

  it.each([[undefined], ["quota"], [{ code: "quota" }], [{ error: "quota" }], [[]], [null]])(
    "%j names no code: its status counts",
    (value) => {
      expect(of(429, value)).toBe("rate_limited");
      expect(classifyError([{ code: /./, failure: "key" }], 500, false, body(value ?? null))).toBe(
        "server",
      );
    },
  );

  it("a body over 64 KiB is not read for a code", () => {
    const fill = (bytes: number): Buffer => {
      const empty = body({ error: { code: "quota", fill: "" } }).length;
      return body({ error: { code: "quota", fill: "x".repeat(bytes - empty) } });
    };
    expect(classifyError(rules, 500, false, fill(65_536))).toBe("key");
    expect(classifyError(rules, 500, false, fill(65_537))).toBe("server");
  });
});

describe("the class of an error reported within a stream", () => {
  it("is that of its code, and the server's where nothing names one", () => {
    const event = (data: string): Buffer => Buffer.from(`event: error\ndata: ${data}\n\n`);
    expect(classifyReported(rules, event('{"error":{"code":"quota"}}'))).toBe("key");
    expect(classifyReported(rules, event('{"error":{"code":"other"}}'))).toBe("server");
    expect(classifyReported(rules, event("quota"))).toBe("server");
    // Where no rule names it, a code may be the status that it would have had.
    for (const code of [429, "429"])
      expect(classifyReported(rules, event(JSON.stringify({ error: { code } })))).toBe(
        "rate_limited",
      );
    expect(classifyReported(rules, event('{"error":{"code":400}}'))).toBe("caller");
    expect(classifyReported(rules, event('{"error":{"code":502}}'))).toBe("server");
    for (const code of [200, 0, -1, 4000, 400.5, "4e2", true])
      expect(classifyReported(rules, event(JSON.stringify({ error: { code } })))).toBe("server");
    // As the responses API has them: beside the event's name, or in what failed.
    expect(classifyReported(rules, event('{"type":"error","code":"quota"}'))).toBe("key");
    const failed = '{"type":"response.failed","response":{"error":{"code":"quota"}}}';
    expect(classifyReported(rules, event(failed))).toBe("key");
    expect(classifyReported([{ failure: "key" }], event('{"error":{"code":"quota"}}'))).toBe(
      "server",
    );
  });
});
