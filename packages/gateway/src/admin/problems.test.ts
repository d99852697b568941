import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Problem, problemSchema, problemType } from "./problem.ts";
import { idOf, openWorld, type Answer, type World } from "./world.fixture.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({ admin: { bodyBytesMax: 4096 } });
});
afterAll(() => world[Symbol.asyncDispose]());

const keys = "POST /admin/v1/keys";

/** The answer's problem, which must be whole. */
function problem(answer: Answer): Problem {
  expect(answer.type).toBe(problemType);
  const body = problemSchema.parse(answer.body);
  expect(body.status).toBe(answer.status);
  expect(body.type).toBe(`urn:loadline:error:${body.code}`);
  expect(body.instance).toBe(`urn:loadline:request:${answer.headers.get("x-request-id")}`);
  return body;
}

describe("problems of the admin API", () => {
  const bodies: readonly (readonly [string, string, number, string, string | undefined])[] = [
    ["text that is no JSON", "{", 400, "LL_BODY_INVALID_JSON", undefined],
    ["two values", "{}{}", 400, "LL_BODY_INVALID_JSON", undefined],
    ["no object", "[]", 400, "LL_BODY_INVALID_JSON", undefined],
    ["a member twice", '{"name":"a","name":"b"}', 400, "LL_BODY_DUPLICATE_KEY", "name"],
    ["brackets 65 deep", `{"name":${"[".repeat(65)}`, 400, "LL_BODY_INVALID_JSON", undefined],
    ["no body at all", "", 400, "LL_BODY_FIELD", "name"],
    ["an unknown member", '{"name":"a","admin":true}', 400, "LL_BODY_UNKNOWN_FIELD", "admin"],
    ["__proto__", '{"name":"a","__proto__":{"x":1}}', 400, "LL_BODY_UNKNOWN_FIELD", "__proto__"],
    ["a wrong type", '{"name":7}', 400, "LL_BODY_FIELD", "name"],
    ["an unknown role", '{"name":"a","roles":["root"]}', 400, "LL_BODY_FIELD", "roles.0"],
    ["4,097 bytes", `{"name":"a"}${" ".repeat(4085)}`, 413, "LL_BODY_TOO_LARGE", undefined],
  ];
  it.each(bodies)("a body with %s is answered %s", async (_what, raw, status, code, param) => {
    const answer = await world.ask(keys, { raw });
    const body = problem(answer);
    expect([answer.status, body.code, body.param]).toEqual([status, code, param]);
  });

  it("a body of exactly 4,096 bytes is read", async () => {
    const raw = `{"name":"edge"}${" ".repeat(4081)}`;
    expect((await world.ask(keys, { raw })).status).toBe(201);
  });

  it("other types and codings of a body are refused", async () => {
    const form = await world.ask(keys, {
      raw: "name=a",
      type: "application/x-www-form-urlencoded",
    });
    expect([form.status, problem(form).code]).toEqual([415, "LL_BODY_TYPE"]);
    const head = `authorization: Bearer ${world.keys.platform}\r\ncontent-type: application/json`;
    const text = await world.running.raw(
      `POST /admin/v1/keys HTTP/1.1\r\nhost: a\r\n${head}\r\ncontent-encoding: gzip\r\n` +
        `content-length: 2\r\nconnection: close\r\n\r\n{}`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 415 /);
    expect(text).toContain("LL_BODY_TYPE");
  });

  it("unknown paths, methods, parameters and ids have their own codes", async () => {
    const codeOf = async (call: string): Promise<string> => {
      const answer = await world.ask(call);
      return `${answer.status} ${problem(answer).code}`;
    };
    expect(await codeOf("GET /admin/v1/nothing")).toBe("404 LL_ROUTE_UNKNOWN");
    expect(await codeOf("GET /admin/v1/keys/")).toBe("404 LL_OBJECT_UNKNOWN");
    expect(await codeOf("GET /admin/v1/keys/a/b/c")).toBe("404 LL_ROUTE_UNKNOWN");
    expect(await codeOf(`GET /admin/v1/keys/${"x".repeat(300)}`)).toBe("404 LL_ROUTE_UNKNOWN");
    expect(await codeOf("DELETE /admin/v1/keys")).toBe("405 LL_ROUTE_METHOD");
    expect(await codeOf("PUT /admin/v1/keys")).toBe("405 LL_ROUTE_METHOD");
    expect(await codeOf("GET /admin/v1/keys?limit=0")).toBe("400 LL_QUERY_FIELD");
    expect(await codeOf("GET /admin/v1/keys?nope=1")).toBe("400 LL_QUERY_FIELD");
    expect(await codeOf("GET /admin/v1/keys?limit=1&limit=2")).toBe("400 LL_QUERY_FIELD");
    expect(await codeOf("GET /admin/v1/keys/aaaaaaaaaaaa")).toBe("404 LL_KEY_UNKNOWN");
    expect(await codeOf("GET /admin/v1/users/usr_a")).toBe("404 LL_USER_UNKNOWN");
    expect(await codeOf("POST /admin/v1/breakers/none/override")).toBe("400 LL_BODY_FIELD");
    expect((await world.ask("DELETE /admin/v1/keys")).headers.get("allow")).toBe("GET, POST");
  });

  it("a breaker nobody knows is 404 and leaves no entry of an act", async () => {
    const answer = await world.ask("POST /admin/v1/breakers/none/override", {
      body: { to: "open" },
    });
    expect([answer.status, problem(answer).code]).toEqual([404, "LL_BREAKER_UNKNOWN"]);
    const acts = (await world.entries("*")).filter((e) => e.action === "breaker.overridden");
    expect(acts).toEqual([]);
  });

  it("targets and heads that two readers could read differently are refused before routing", async () => {
    const auth = `authorization: Bearer ${world.keys.platform}\r\nconnection: close`;
    const ask = (target: string, more = ""): Promise<string> =>
      world.running.raw(`GET ${target} HTTP/1.1\r\nhost: a\r\n${auth}${more}\r\n\r\n`);
    expect(await ask("/admin/v1/../v1/keys")).toContain("LL_HTTP_TARGET");
    expect(await ask("//admin/v1/keys")).toContain("LL_HTTP_TARGET");
    expect(await ask("/admin/v1/%2e%2e/keys")).toContain("LL_HTTP_TARGET");
    expect(await ask("/admin/v1/keys", "\r\nhost: b")).toContain("LL_HTTP_HOST");
    expect(await ask("/admin/v1/keys")).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("an address outside admin.allowFrom is refused before its key is looked at", async () => {
    await using narrow = await openWorld({ admin: { allowFrom: ["10.0.0.0/8"] } });
    for (const call of ["GET /admin/v1/keys", "GET /admin/docs", "GET /admin/openapi.json"]) {
      const answer = await narrow.ask(call);
      expect([answer.status, problem(answer).code]).toEqual([403, "LL_ADMIN_ADDRESS"]);
    }
    const { secret } = await narrow.makeKey({ name: "a" });
    expect((await narrow.ask("GET /v1/models", { key: secret })).status).toBe(200);
  });

  it("the page is no other origin's to frame, open or read, and runs no script", async () => {
    const { status, headers } = await world.ask("GET /admin/docs");
    expect(status).toBe(200);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src|unsafe/);
    for (const name of ["cross-origin-opener-policy", "cross-origin-resource-policy"])
      expect([name, headers.get(name)]).toEqual([name, "same-origin"]);
  });

  it("admin.enabled: false leaves nothing under /admin", async () => {
    await using off = await openWorld({ admin: { enabled: false } });
    for (const call of ["GET /admin/v1/keys", "GET /admin/docs"]) {
      expect(problem(await off.ask(call)).code).toBe("LL_ROUTE_UNKNOWN");
    }
  });
});

describe("tenants", () => {
  it("another tenant's object is answered like a missing one, byte for byte but for ids", async () => {
    const { platform, admin, other } = world.keys;
    const key = idOf(await world.ask(keys, { key: other, body: { name: "theirs" } }));
    const user = idOf(
      await world.ask("POST /admin/v1/users", { key: other, body: { subject: "theirs" } }),
    );
    const pairs = [
      ["GET /admin/v1/keys/", key, "000000000000"],
      ["POST /admin/v1/keys/", `${key}/revoke`, "000000000000/revoke"],
      ["POST /admin/v1/keys/", `${key}/rotate`, "000000000000/rotate"],
      ["GET /admin/v1/users/", user, "usr_000000000000"],
      ["POST /admin/v1/users/", `${user}/disable`, "usr_000000000000/disable"],
      ["GET /admin/v1/users/", `${user}/grants`, "usr_000000000000/grants"],
    ] as const;
    for (const [call, theirs, missing] of pairs) {
      const body = call.startsWith("POST") ? {} : undefined;
      const foreign = await world.ask(call + theirs, { key: admin, body });
      const absent = await world.ask(call + missing, { key: admin, body });
      expect(foreign.status).toBe(404);
      const plain = (answer: Answer, id: string): string =>
        answer.text.replaceAll(id.split("/")[0] ?? "", "ID").replaceAll(/req_[0-9a-f]+/g, "REQ");
      expect(plain(foreign, theirs)).toBe(plain(absent, missing));
    }
    expect((await world.ask(`GET /admin/v1/keys/${key}`, { key: platform })).status).toBe(200);
  });

  it("lists, sums and the audit log show the caller's own tenant, whatever is asked", async () => {
    const list = await world.ask("GET /admin/v1/keys?tenantId=other", { key: world.keys.admin });
    expect(list.text).not.toContain('"tenantId":"other"');
    const audit = await world.ask("GET /admin/v1/audit?tenantId=other", { key: world.keys.admin });
    expect(audit.text).not.toContain('"tenant":"other"');
    expect(audit.text).toContain('"tenant":"default"');
    const users = await world.ask("GET /admin/v1/users?tenantId=other", { key: world.keys.admin });
    expect(users.text).not.toContain('"tenantId":"other"');
  });

  it("an admin of one tenant cannot make tenants, foreign keys or more than it holds", async () => {
    const asAdmin = async (call: string, body: unknown): Promise<string> =>
      problem(await world.ask(call, { key: world.keys.admin, body })).code;
    expect(await asAdmin("POST /admin/v1/tenants", { id: "mine" })).toBe("LL_AUTHZ_DENIED");
    expect(await asAdmin(keys, { name: "a", tenantId: "other" })).toBe("LL_TENANT_UNKNOWN");
    expect(await asAdmin(keys, { name: "a", tenantId: "*" })).toBe("LL_TENANT_UNKNOWN");
    const narrow = await world.makeKey({ name: "n", permissions: ["keys:manage", "keys:own"] });
    const more = { name: "a", roles: ["admin"] };
    const answer = await world.ask(keys, { key: narrow.secret, body: more });
    expect([answer.status, problem(answer).code]).toEqual([403, "LL_KEY_GRANT_EXCEEDS"]);
  });
});

describe("what the admin API shows", () => {
  it("a key's secret is in the answer that makes it and nowhere else", async () => {
    const made = await world.ask(keys, { body: { name: "secret" } });
    const { secret } = made.body as { secret: string };
    const id = idOf(made);
    expect(secret).toMatch(/^ll_local_/);
    const tail = secret.split("_")[3] ?? "";
    const shown = await Promise.all([
      world.ask("GET /admin/v1/keys"),
      world.ask(`GET /admin/v1/keys/${id}`),
      world.ask("GET /admin/v1/audit?tenantId=default"),
      world.ask("GET /admin/v1/config"),
    ]);
    expect(shown.map((one) => one.text).join("") + world.running.logged()).not.toContain(tail);
    expect(shown.map((one) => one.text).join("")).not.toContain("digest");
  });

  it("pages go through all keys once", async () => {
    const seen: string[] = [];
    for (let next = ""; ;) {
      const after = next === "" ? "" : `&after=${next}`;
      const { body } = await world.ask(`GET /admin/v1/keys?limit=3${after}`);
      const page = body as { data: { id: string }[]; next: string | null };
      expect(page.data.length).toBeLessThanOrEqual(3);
      seen.push(...page.data.map((one) => one.id));
      if (page.next === null) break;
      next = page.next;
    }
    const all = (await world.ask("GET /admin/v1/keys?limit=1000")).body as { data: unknown[] };
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(all.data.length);
  });
});
