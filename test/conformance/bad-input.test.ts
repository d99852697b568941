import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodyRows, otherRows } from "./bad-input/body-rows.ts";
import { headRows } from "./bad-input/head-rows.ts";
import { type BadInput, chatPath, post, request, sound } from "./bad-input/row.ts";
import { type Answer, startSubject, type Subject } from "./bad-input/subject.ts";
import { TlsFolder } from "../../packages/gateway/test/tls.ts";
import { listeners } from "./listeners.ts";

const messagesPath = "/v1/messages";

interface ErrorMembers {
  readonly code: unknown;
  readonly param: unknown;
  readonly type: unknown;
  readonly message: unknown;
}

/** The members of an error in the envelope that the path's clients read. */
function errorOf({ body }: Answer, isAnthropic: boolean): ErrorMembers {
  const value = JSON.parse(body) as { type?: unknown; error: ErrorMembers; request_id?: unknown };
  if (isAnthropic) {
    expect(value.type).toBe("error");
    expect(value.request_id).toMatch(/^req_[0-9a-f]{24}$/);
  }
  return value.error;
}

const doubtful = /^LL_(HTTP_|AUTH_AMBIGUOUS$)/;

async function refused(g: Subject, row: BadInput, isAnthropic = false): Promise<void> {
  const before = g.hits.length;
  const answer = await g.send(row.bytes(g.world));
  expect(answer.status, answer.text.slice(0, 400)).toBe(row.status);
  const error = errorOf(answer, isAnthropic);
  expect(error.code).toBe(row.code);
  expect([typeof error.message, typeof error.type]).toEqual(["string", "string"]);
  if (row.param !== undefined) expect(error.param).toBe(row.param);
  for (const [name, pattern] of Object.entries(row.headers ?? {}))
    expect(answer.headers[name]).toMatch(pattern);
  // Whoever sent such a head may disagree with us about where the next one begins.
  if (doubtful.test(row.code) || row.what === "TRACE") expect(answer.isClosed).toBe(true);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  if (g.url.startsWith("https:"))
    expect(answer.headers["strict-transport-security"]).toBe("max-age=31536000");
  expect(answer.headers[isAnthropic ? "request-id" : "x-request-id"]).toMatch(/^req_/);
  expect(g.hits.length).toBe(before);
}

describe.each(listeners)("bad input behind front %s, on %s [R1-14]", (front, listener) => {
  let g: Subject;
  const tls = listener === "TLS" ? new TlsFolder() : undefined;
  beforeAll(async () => {
    g = await startSubject(front, {}, tls);
  });
  afterAll(async () => {
    await g[Symbol.asyncDispose]();
    tls?.[Symbol.dispose]();
  });

  it("the sound request that every row spoils is answered by the upstream", async () => {
    for (const path of [chatPath, messagesPath]) {
      const answer = await g.send(post(g.world, sound, { path }));
      expect([path, answer.status === 200 || answer.status === 502]).toEqual([path, true]);
    }
    expect(g.hits[0]).toBe("/v1/chat/completions");
  });

  it.each(headRows.map((row) => [row.what, row.status, row.code, row] as const))(
    "%s is %i %s, and no upstream hears of it",
    (_what, _status, _code, row) => refused(g, row),
  );

  it.each(bodyRows(chatPath).map((row) => [row.what, row.status, row.code, row] as const))(
    "a chat with %s is %i %s",
    (_what, _status, _code, row) => refused(g, row),
  );

  it.each(bodyRows(messagesPath).map((row) => [row.what, row.status, row.code, row] as const))(
    "messages with %s are %i %s in Anthropic's envelope",
    (_what, _status, _code, row) => refused(g, row, true),
  );

  it.each(otherRows.map((row) => [row.what, row] as const))(
    "%s is 400 and names the member",
    (what, row) => refused(g, row, what.startsWith(messagesPath)),
  );

  it("CONNECT is closed without a good answer", async () => {
    const answer = await g.send(request(["CONNECT a:443 HTTP/1.1", "host: a:443"]));
    expect([answer.isClosed, answer.status < 200 || answer.status >= 400]).toEqual([true, true]);
  });

  it("chunks beyond the body's limit are 413 although no length was told", async () => {
    const head = [
      `POST ${chatPath} HTTP/1.1`,
      "host: a",
      `authorization: Bearer ${g.world.key}`,
      "content-type: application/json",
      "transfer-encoding: chunked",
      "",
      "",
    ].join("\r\n");
    const chunk = `4000\r\n${" ".repeat(0x4000)}\r\n`;
    const answer = await g.send(`${head}${chunk.repeat(9)}0\r\n\r\n`);
    expect([answer.status, errorOf(answer, false).code]).toEqual([413, "LL_BODY_TOO_LARGE"]);
  });

  it("a body that does not come in time is 408, a head that does not is closed or 408", async () => {
    const whole = post(g.world, sound);
    const slowBody = await g.send(whole.slice(0, -10));
    expect([slowBody.status, errorOf(slowBody, false).code]).toEqual([408, "LL_HTTP_TIMEOUT"]);
    const slowHead = await g.send(whole.slice(0, 40));
    expect([0, 408]).toContain(slowHead.status);
  });

  it("a malformed traceparent is no reason to refuse: a trace begins anew", async () => {
    const lines = ["traceparent: 00-zz-1-01", "tracestate: \u00e9"];
    expect((await g.send(post(g.world, sound, { lines }))).status).toBe(200);
  });

  it("the sound narrowings are taken: time, route, no fallback", async () => {
    const lines = [
      "x-loadline-timeout-ms: 4000",
      "x-loadline-route: r",
      "x-loadline-no-fallback: 1",
    ];
    expect((await g.send(post(g.world, sound, { lines }))).status).toBe(200);
  });

  it("nothing of all that stays reserved, skipped, or counted as unforeseen", async () => {
    const metrics = await g.metrics();
    expect(metrics).toContain("loadline_leases 0\n");
    expect(metrics).toContain("loadline_requests_open 1\n");
    expect(metrics).toContain("loadline_unexpected_errors_total 0\n");
    expect(metrics).not.toMatch(/loadline_stage_skipped_total\{[^}]*\} [1-9]/);
  });
});

describe("a fault that nobody foresaw", () => {
  it("is 500 LL_INTERNAL_UNEXPECTED with the request's id and nothing of the fault [R1-14]", async () => {
    const secret = "what happened inside";
    await using g = await startSubject("http1", {
      stages: (table) =>
        table.map((stage) =>
          stage.id === "route"
            ? {
                ...stage,
                run: () => {
                  throw new Error(secret);
                },
              }
            : stage,
        ),
    });
    for (const path of [chatPath, messagesPath]) {
      const answer = await g.send(post(g.world, sound, { path }));
      expect(answer.status).toBe(500);
      expect(answer.text).toContain("LL_INTERNAL_UNEXPECTED");
      expect(answer.text).toMatch(/req_[0-9a-f]{24}/);
      for (const part of [secret, "Error", ".ts", "attempts", "    at "])
        expect(answer.body).not.toContain(part);
    }
    expect(g.logged()).toContain(secret);
    const metrics = await g.metrics();
    expect(metrics).toContain("loadline_unexpected_errors_total 2\n");
    expect(metrics).toContain("loadline_leases 0\n");
    const other = await g.send(request(["GET /healthz HTTP/1.1", "host: a"]));
    expect(other.status).toBe(200);
  });
});
