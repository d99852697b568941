import { describe, expect, it } from "vitest";
import { runStackPlan } from "./stack.fixture.ts";
import { startHttpTwin } from "./stubs/http.ts";
import { type RawCall, type RawReply, startRawWeb } from "./stubs/raw-web.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

const ok = { status: 200, body: '{"status":"ok"}' };

/** What is said of sequences against a service that answers so. */
async function walked(steps: object, answer: (call: RawCall) => RawReply, secrets = {}) {
  await using stub = await startRawWeb({ rules: [], mark: () => "", answer });
  const services = { it: { kind: "http", url: stub.url, steps } };
  return await runStackPlan({ timeoutMs: 10_000, services }, secrets);
}

describe("a login, its token and its end", () => {
  it("are passed: the token opens what it is for, and is refused after the logout [R1-12]", async () => {
    const { words, sentences, evidence } = await againstTwin(startHttpTwin);
    expect(words["it.steps"]).toBe("passed");
    expect(sentences["it.steps"]).toContain(
      "session: POST /login 200, GET /me 200, POST /logout 200,204, GET /me 401.",
    );
    expect(evidence).not.toContain("session-1-of-the-twin");
    expect(evidence).not.toContain("right-token-of-the-twin");
  });

  it("that goes on after its logout is a failure that names the call [R1-12]", async () => {
    const idle = [{ when: "POST /logout", status: 204, reply: "" }];
    const { words, sentences, evidence } = await againstTwin(startHttpTwin, idle);
    expect(words["it.steps"]).toBe("failed false");
    expect(sentences["it.steps"]).toContain("step 4 of 4, GET /me, was answered with 200, not 401");
    expect(evidence).not.toContain("session-1-of-the-twin");
  });

  it("with another password is refused at its first call, and neither is told [R1-12]", async () => {
    const echo = (call: RawCall): RawReply =>
      call.method === "GET" ? ok : { status: 401, body: call.body.toString("utf8") };
    const login = { method: "POST", path: "/login", json: { is: ["${env:WORD}"] } };
    const said = await walked({ session: [login] }, echo, { WORD: "of nobody else" });
    expect(said.sentences["it.steps"]).toContain("step 1 of 1, POST /login, was answered with 401");
    expect(said.evidence).toContain("<hidden>");
    expect(said.evidence).not.toContain("of nobody else");
  });
});

describe("a step", () => {
  const item = { status: 200, body: '{"item":{"id":"a/b","count":2}}' };

  it.each([
    ["a status of several", { status: [201, 202] }, "was answered with 200, not 201 or 202"],
    ["a text", { contains: "ready" }, 'was answered without "ready"'],
    ["a member", { equals: { "item.count": 3 } }, "has another item.count than 3"],
    ["a number that is a text", { equals: { "item.count": "2" } }, "has another item.count"],
    ["what is to be taken", { take: { key: "item.key" } }, "has no item.key"],
  ])("without %s is told", async (_, more, words) => {
    const said = await walked({ read: [{ path: "/item", ...more }] }, () => item);
    expect(said.words["it.steps"]).toBe("failed false");
    expect(said.sentences["it.steps"]).toContain(words);
  });

  it("fills in what was taken: encoded in a path, as it is in header and body", async () => {
    const seen: string[] = [];
    const answer = (call: RawCall): RawReply => {
      if (call.url.pathname === "/health") return ok;
      seen.push(`${call.url.pathname} ${String(call.headers["x-id"])} ${call.body.toString()}`);
      return item;
    };
    const take = { id: "item.id" };
    const use = {
      method: "PUT",
      path: "/items/{{id}}",
      headers: { "X-Id": "{{id}}" },
      json: { of: ["{{id}}", "{{other}}"], n: 1 },
    };
    const said = await walked({ use: [{ path: "/item", take }, use] }, answer);
    expect(said.words["it.steps"]).toBe("passed");
    expect(seen.find((line) => line.startsWith("/items"))).toBe(
      '/items/a%2Fb a/b {"of":["a/b","{{other}}"],"n":1}',
    );
  });

  it("of one sequence knows nothing of another, and each is a part of its own", async () => {
    const answer = (call: RawCall): RawReply => {
      if (call.url.pathname === "/health") return ok;
      return call.url.pathname === "/item" ? item : { status: 404, body: "{}" };
    };
    const first = [{ path: "/item", take: { id: "item.id" } }];
    const said = await walked({ first, second: [{ path: "/x" }] }, answer);
    expect(said.words["it.steps"]).toBe("failed false");
    expect(said.evidence).toContain("first: GET /item 200.");
    expect(said.sentences["it.steps"]).toContain("second: step 1 of 1, GET /x");
    const other = walked({ first, second: [{ path: "/x/{{id}}" }] }, answer);
    await expect(other).rejects.toThrow("no step before takes {{id}}");
  });

  // It would be sent as it is written, and its 401 pass for that of a token taken back.
  it.each([
    ["a name with a slip", { headers: { authorization: "Bearer {{tokn}}" } }, "{{tokn}}"],
    ["a name of another case", { headers: { authorization: "Bearer {{Token}}" } }, "{{Token}}"],
    ["a name with spaces", { headers: { "x-a": "{{token}} {{ token }}" } }, "{{ token }}"],
    ["a name without its end", { headers: { "x-a": "{{token" } }, "{{token"],
    ["a name in the path", { path: "/items/{{id}}" }, "{{id}}"],
    ["its own", { headers: { "x-a": "{{next}}" }, take: { next: "next" } }, "{{next}}"],
    ["a part", { headers: { authorization: "Bearer ${env:WORD}" } }, "the whole of a value"],
    ["a part of a body", { json: { a: ["${env:WORD}-1"] } }, "the whole of a value"],
    ["a part of a path", { path: "/items/${file:word}" }, "the whole of a value"],
  ])(
    "with %s, which nothing would be filled in for, is refused with the plan",
    async (_, more, words) => {
      const login = { path: "/login", take: { token: "token" } };
      const last = { path: "/me", status: 401, ...more };
      await expect(walked({ session: [login, last] }, () => ok)).rejects.toThrow(words);
    },
  );
});

describe("what was taken", () => {
  const held = { token: `session-7-${"abcdefghij".repeat(200)}`, short: "session-7" };
  const odd = 'of/a "kind"-of-its-own';
  const take = { short: "short", token: "token", odd: "odd" };
  const made = { status: 200, body: JSON.stringify({ ...held, odd }) };
  const accounts =
    (me: RawReply) =>
    ({ url }: RawCall): RawReply => {
      if (url.pathname === "/health") return ok;
      if (url.pathname === "/login") return made;
      return url.pathname === "/me" ? me : { status: 404, body: "{}" };
    };

  it.each([
    ["across the end of what is quoted", `${".".repeat(1_000)}${held.token}`, "abcdefghij"],
    ["after a shorter one that it begins with", held.token, "abcdefghij"],
    ["in JSON", JSON.stringify({ odd }), "-of-its-own"],
    ["in JSON with slashes escaped", JSON.stringify({ odd }).replace("/", "\\/"), "-of-its-own"],
    ["in a URL", `/me?of=${encodeURIComponent(odd)}`, "-of-its-own"],
  ])("stands in no evidence, %s", async (_, echo, piece) => {
    const steps = { session: [{ path: "/login", take }, { path: "/me" }] };
    const said = await walked(steps, accounts({ status: 500, body: echo }));
    expect(said.words["it.steps"]).toBe("failed false");
    expect(said.evidence).toContain("HTTP 500");
    expect(said.evidence).toContain("<hidden>");
    expect(said.evidence).not.toContain(piece);
  });

  it.each([
    ["with another status", { status: 201, take }, "was answered with 200, not 201"],
    ["without one of them", { take: { ...take, more: "more" } }, "has no more"],
    ["by a path with a slip", { take: { token: "tokn" } }, "has no tokn"],
  ])("or was to be, from an answer %s, stands in none either", async (_, step, words) => {
    const said = await walked({ session: [{ path: "/login", ...step }] }, accounts(ok));
    expect(said.sentences["it.steps"]).toContain(words);
    expect(said.evidence).toContain("HTTP 200");
    expect(said.evidence).not.toContain("session-7");
    expect(said.evidence).not.toContain("-of-its-own");
  });
});
