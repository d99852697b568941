import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { freePort } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { overUpstreams, runGateway, runUpstream, temporaryDir } from "../../test/harness.ts";
import { loadConfig } from "../config/load.ts";
import { openSqliteStore } from "../state/sqlite/open.ts";
import { examineParts } from "./examine.ts";
import type { PartFinding } from "./finding.ts";

const pageBytes = 4096;
let stateDir = "";
beforeEach(() => void (stateDir = temporaryDir()));
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const deps = { clock: systemClock(), random: systemRandom() };
const simulated = {
  targets: { s: { provider: "simulator" } },
  routes: { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } },
};

/** What is found of a configuration, by part. */
async function looked(
  overrides: object,
  env: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, PartFinding>>> {
  const all = { stateDir, listen: { port: 0 }, ...simulated, ...overrides };
  const found = await examineParts(loadConfig(undefined, env, all), deps);
  return Object.fromEntries(found.map((one) => [one.id, one]));
}

describe("the state of a gateway that never ran", () => {
  it("is no fault: a start makes it, and a look makes nothing", async () => {
    const { sql, schema } = await looked({});
    expect(sql).toMatchObject({ found: true, required: true });
    expect(sql?.detail).toContain("loadline.db: none yet, a start makes it");
    expect(schema).toBeUndefined();
    expect(() => readFileSync(join(stateDir, "loadline.db"))).toThrow("ENOENT");
  });
});

describe("the schema of a SQLite file", () => {
  const path = (): string => join(stateDir, "loadline.db");

  it("is at its head once a gateway ran, while it runs and afterwards [R1-21] [R3-32]", async () => {
    await using g = await runGateway({}, stateDir);
    const during = await looked({});
    expect(during["schema"]).toMatchObject({ found: true, required: true });
    expect(during["schema"]?.detail).toBe("2 of 2: every step to 2 was tried and taken back");
    await g.gateway.close({ graceMs: 0 });
    expect((await looked({}))["schema"]).toEqual(during["schema"]);
  });

  it("one version behind fails, its steps are tried on a copy alone, and a start brings it to the head [R1-21] [R3-32]", async () => {
    const v1 = new URL("../state/sqlite/v1.fixture.sql", import.meta.url);
    {
      using db = new DatabaseSync(path());
      db.exec(readFileSync(v1, "utf8"));
    }
    const before = readFileSync(path());
    const { sql, schema } = await looked({});
    expect(sql?.found).toBe(true);
    expect(schema).toMatchObject({ found: false, required: true });
    expect(schema?.detail).toContain("1, this build's 2: every step to 2 was tried");
    expect(readFileSync(path()).equals(before)).toBe(true);
    await openSqliteStore(path(), deps.clock).close();
    expect((await looked({}))["schema"]).toMatchObject({ found: true });
  });

  it("whose steps its data does not take, or of a later build, fails with its code", async () => {
    const v1 = new URL("../state/sqlite/v1.fixture.sql", import.meta.url);
    {
      using db = new DatabaseSync(path());
      db.exec(`${readFileSync(v1, "utf8")}; CREATE TABLE tenants (id TEXT)`);
    }
    const wrong = await looked({});
    expect(wrong["schema"]).toMatchObject({ found: false, required: true });
    expect(wrong["schema"]?.detail).toContain("table tenants already exists");
    rmSync(path());
    await openSqliteStore(path(), deps.clock).close();
    {
      using db = new DatabaseSync(path());
      db.exec("UPDATE store_facts SET value = '99' WHERE name = 'schema.readableFrom'");
    }
    const later = await looked({});
    expect(later["schema"]).toMatchObject({ found: false, required: true });
    expect(later["schema"]?.detail).toContain("LL_STATE_SCHEMA_NEWER");
  });

  it("in a file with a damaged page is not looked at: the file is not found good, as no start takes it", async () => {
    await openSqliteStore(path(), deps.clock).close();
    {
      using db = new DatabaseSync(path());
      db.exec("PRAGMA journal_mode = DELETE");
    }
    const bytes = readFileSync(path());
    const page = pageBytes * (Math.floor(bytes.length / pageBytes) - 1);
    writeFileSync(path(), bytes.fill(0x5a, page));
    const { sql, schema } = await looked({});
    expect([sql?.found, sql?.required, schema]).toEqual([false, true, undefined]);
    expect(sql?.detail).toMatch(/LL_STATE_CORRUPT .* is restored by `/);
    await expect(runGateway({}, stateDir)).rejects.toMatchObject({ code: "LL_STATE_CORRUPT" });
  });

  it("of a file that is no database of ours is refused, and not changed", async () => {
    writeFileSync(path(), "this is a text, and a long one, of somebody else's program");
    const before = readFileSync(path(), "utf8");
    expect((await looked({}))["sql"]).toMatchObject({ found: false, required: true });
    expect(readFileSync(path(), "utf8")).toBe(before);
  });
});

describe("an upstream", () => {
  it.each([
    [200, true, "openai-compatible, GET /models answers 200"],
    [404, true, "answers 404"],
    [401, false, "answers 401: its key is refused"],
    [503, false, "answers 503"],
  ])("that answers its probe with %i is found: %s", async (status, found, words) => {
    await using upstream = await runUpstream((response) => response.writeHead(status).end("{}"));
    const part = (await looked(overUpstreams(upstream.baseUrl)))["target u0"];
    expect(part).toMatchObject({ found, required: false });
    expect(part?.detail).toContain(words);
    expect(upstream.requests.map(({ url, method }) => [method, url])).toEqual([
      ["GET", "/v1/models"],
    ]);
  });

  it("that is a LiteLLM proxy is asked with its key, and its calls, streams and errors pass [R3-25]", async () => {
    const master = "sk-1234";
    await using proxy = await runUpstream((response, body, request) => {
      const json = { "content-type": "application/json", "x-litellm-version": "1.80.0" };
      // The error body as LiteLLM writes it: a status in words, None for what it has not.
      const refused = (status: number, message: string): void => {
        const error = { message, type: "auth_error", param: "None", code: String(status) };
        response.writeHead(status, json).end(JSON.stringify({ error }));
      };
      if (request.headers.authorization !== `Bearer ${master}`) return refused(401, "no key");
      if (request.url === "/v1/models") {
        const data = [{ id: "big", object: "model", created: 1, owned_by: "openai" }];
        return void response.writeHead(200, json).end(JSON.stringify({ data, object: "list" }));
      }
      const { stream, messages } = JSON.parse(body) as { stream?: boolean; messages: unknown[] };
      if (messages.length === 0) return refused(400, "litellm.BadRequestError: no messages");
      const head = { id: "chatcmpl-1", created: 1, model: "big" };
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      if (stream !== true) {
        const message = { role: "assistant", content: "hi" };
        const choices = [{ index: 0, finish_reason: "stop", message }];
        const object = "chat.completion";
        response.writeHead(200, json).end(JSON.stringify({ ...head, object, choices, usage }));
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      const chunk = (delta: object, finish: string | null): string => {
        const choices = [{ index: 0, delta, finish_reason: finish }];
        return `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices })}\n\n`;
      };
      response.write(chunk({ role: "assistant", content: "hi" }, null));
      response.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
    });
    const litellm = {
      provider: "openai-compatible",
      model: "big",
      baseUrl: proxy.baseUrl,
      keys: ["${env:LITELLM_KEY}"],
    };
    const routes = { r: { models: ["m"], groups: [{ targets: ["l"] }] } };
    const over = { targets: { l: litellm }, routes };
    expect((await looked(over, { LITELLM_KEY: master }))["target l"]).toMatchObject({
      found: true,
    });
    const wrong = (await looked(over, { LITELLM_KEY: "sk-other" }))["target l"];
    expect(wrong).toMatchObject({ found: false });
    expect(JSON.stringify(wrong)).not.toContain("sk-other");

    writeFileSync(join(stateDir, "litellm-key"), master);
    const keys = [`\${file:${join(stateDir, "litellm-key")}}`];
    await using g = await runGateway({ targets: { l: { ...litellm, keys } }, routes });
    const chat = (more: object): Promise<Response> =>
      g.post("/v1/chat/completions", {
        model: "m",
        messages: [{ role: "user", content: "x" }],
        ...more,
      });
    expect(await (await chat({})).json()).toMatchObject({
      choices: [{ message: { content: "hi" } }],
      usage: { total_tokens: 2 },
    });
    expect(await (await chat({ stream: true })).text()).toMatch(/"hi"[^]*data: \[DONE\]\n\n$/);
    const bad = await chat({ messages: [] });
    expect(bad.status).toBe(400);
    expect(await bad.text()).toContain("litellm.BadRequestError");
  });

  it("that is not there, and a model without its file, are not found; nothing of them is started", async () => {
    const port = await freePort();
    const dead = (await looked(overUpstreams(`http://127.0.0.1:${port}/v1`)))["target u0"];
    expect(dead).toMatchObject({ found: false, required: false });
    expect(dead?.detail).toContain("connect");
    const targets = { tiny: { provider: "llama", model: "tiny", path: join(stateDir, "no.gguf") } };
    const routes = { r: { models: ["m"], groups: [{ targets: ["tiny"] }] } };
    const model = (await looked({ targets, routes }))["target tiny"];
    expect(model).toMatchObject({ found: false, required: true });
    expect(model?.detail).toContain("no.gguf");
    await expect(runGateway({ targets, routes }, stateDir)).rejects.toThrow("no.gguf");
    expect((await looked({}))["target s"]).toMatchObject({ found: true });
  });

  it("at an address that may not be called is told as what ends a start, beside all other parts", async () => {
    const egress = { classes: { provider: { addresses: ["10.0.0.0/8"] } } };
    const over = { ...overUpstreams("http://127.0.0.1:9/v1"), egress };
    await expect(runGateway(over, stateDir)).rejects.toThrow("127.0.0.1");
    const found = await looked(over);
    expect(found["target u0"]).toMatchObject({ found: false, required: true });
    expect(found["target u0"]?.detail).toContain("127.0.0.1");
    expect(found["sql"]).toMatchObject({ found: true });
  });
});

describe("the address it listens at", () => {
  it("is asked whether it is ready, and a place where nobody listens is told so", async () => {
    await using g = await runGateway();
    const port = Number(new URL(g.url).port);
    expect((await looked({ listen: { port } }))["api"]).toEqual({
      id: "api",
      found: true,
      required: false,
      detail: `127.0.0.1:${port}, GET /readyz answers 200`,
    });
    const nobody = await freePort();
    const api = (await looked({ listen: { port: nobody } }))["api"];
    expect(api).toMatchObject({ found: false, required: false });
    expect(api?.detail).toContain("ECONNREFUSED");
    expect((await looked({ listen: { port: 0 } }))["api"]?.detail).toContain("not asked");
  });
});

describe("a store that is away", () => {
  it("is told within its time, by host and port alone", async () => {
    const port = await freePort();
    const address = (scheme: string): string => `${scheme}://me:hush%2F1@127.0.0.1:${port}/7`;
    const stores = { sql: "${env:SQL}", redis: "${env:REDIS}" };
    const env = { SQL: address("postgres"), REDIS: address("redis") };
    const found = await looked({ stores }, env);
    expect(found["sql"]).toMatchObject({ found: false, required: true });
    expect(found["redis"]).toMatchObject({ found: false, required: false });
    for (const part of [found["sql"], found["redis"]]) {
      expect(part?.detail).toContain(`127.0.0.1:${port}`);
      expect(JSON.stringify(part)).not.toMatch(/hush|me:/);
    }
  });
});
