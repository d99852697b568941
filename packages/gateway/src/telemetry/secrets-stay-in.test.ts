import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completion, endJson } from "../../test/answers.ts";
import {
  type Running,
  runGateway,
  runUpstream,
  temporaryDir,
  type Upstream,
} from "../../test/harness.ts";
import { operator } from "../index.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Stage } from "../pipeline/stage.ts";

const clock = systemClock();
const path = "/v1/chat/completions";

/** What the operator entrusts to the gateway. */
const entrusted = {
  provider: "sk-canary-provider-0123456789abcdef",
  pepper: "canary-pepper-0123456789abcdef-0123456789",
  header: "canary-trace-header-0123456789",
  dsn: "canarydsn0123456789abcdef",
  store: "canary-store-password-0123456789",
  object: "canary-object-secret-0123456789",
};
/** What callers and models say. */
const said = {
  prompt: "canary-prompt-the-treasure-is-under-the-oak",
  reply: "canary-reply-the-oak-is-by-the-river",
};

const body = (more: object = {}): string =>
  JSON.stringify({ model: "m", messages: [{ role: "user", content: said.prompt }], ...more });

/** Answers by the word at the end of the prompt, and repeats whatever it was sent. */
function runEcho(): Promise<Upstream> {
  return runUpstream((response, text, request) => {
    const echo = `${said.reply} ${request.headers.authorization ?? ""} ${text}`;
    const error = { error: { message: echo, type: "t", code: "c" } };
    const status = Number(/"user":"(\d{3})"/.exec(text)?.[1] ?? 200);
    if (status !== 200) return endJson(response, status, error);
    if (text.includes('"user":"cut"')) {
      response.writeHead(200, { "content-type": "application/json", "content-length": "9999" });
      return void response.write(echo, () => response.destroy());
    }
    if (text.includes('"user":"bad"')) return void response.end(`{"choices": ${echo}`);
    if (!text.includes('"stream":true')) return endJson(response, 200, completion(said.reply));
    response.writeHead(200, { "content-type": "text/event-stream" });
    const delta = { content: said.reply };
    const chunk = { id: "x", object: "chat.completion.chunk", choices: [{ index: 0, delta }] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end(text.includes('"user":"half"') ? undefined : "data: [DONE]\n\n");
  });
}

const taking = (): Promise<Upstream> =>
  runUpstream((response) => void response.writeHead(200).end("{}"));

/** Every text that leaves the gateway to somebody else than the caller, or stays behind. */
interface Seen {
  readonly texts: Readonly<Record<string, string>>;
  /** What callers were answered when they were refused. */
  readonly refusals: string;
  /** Secrets of keys that were made meanwhile. */
  readonly keys: readonly string[];
}

function filesOf(dir: string): string {
  return readdirSync(dir, { recursive: true })
    .map((name) => join(dir, String(name)))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, "latin1"))
    .join("\n");
}

const fault = "a-fault-that-nobody-foresaw";

/** The stage `route` breaks for whoever sends that word. */
const breaking = (stage: Stage): Stage => ({
  ...stage,
  run(x: Exchange) {
    if (x.client.headers.includes(fault)) throw new Error("it broke");
    return stage.run?.(x);
  },
});

/** Calls that fail in every way there is, one after the other; gives what they were answered. */
async function failEverywhere(g: Running, admin: string): Promise<string> {
  const headers = { authorization: `Bearer ${g.key}`, "content-type": "application/json" };
  const wrong = `${g.key.slice(0, -1)}${g.key.endsWith("0") ? "1" : "0"}`;
  const calls: [target: string, init: RequestInit][] = [
    ...["400", "413", "422", "429", "500", "503", "cut", "bad", "401", "403"].map(
      (user): [string, RequestInit] => [path, { body: body({ user }) }],
    ),
    [path, { body: body({ user: "half", stream: true }) }],
    [path, { body: body().slice(0, -2) }],
    [path, { body: body({ model: said.prompt }) }],
    [path, { body: body({ model: g.key }) }],
    [path, { body: body({ max_tokens: said.prompt }) }],
    [path, { body: body({ loadline: { [said.prompt]: 1 } }) }],
    [path, { body: body(), headers: { ...headers, "x-loadline-route": said.prompt } }],
    [path, { body: body(), headers: { ...headers, authorization: `Bearer ${wrong}` } }],
    [path, { body: body(), headers: { ...headers, authorization: `Basic ${g.key}` } }],
    [path, { body: body(), headers: { ...headers, "content-type": said.prompt } }],
    [`${path}?api_key=${g.key}`, { body: body() }],
    [path, { body: body(), headers: { ...headers, "x-canary": fault } }],
    [`/v1/${said.prompt}`, { body: body() }],
    ["/admin/v1/keys", { body: JSON.stringify({ name: "a", secret: entrusted.provider }) }],
    ["/admin/v1/keys", { body: `{"name": ${said.prompt}` }],
  ];
  const texts: string[] = [];
  for (const [target, init] of calls) {
    const by = target.startsWith("/admin")
      ? { ...headers, authorization: `Bearer ${admin}` }
      : headers;
    const answer = await fetch(g.url + target, { method: "POST", headers: by, ...init });
    // A stream that breaks off breaks the reading of it, too.
    const text = await answer.text().catch(String);
    if (answer.status >= 400) texts.push(text);
  }
  return texts.join("\n");
}

let seen: Seen;
let closers: AsyncDisposable[] = [];
const secretsDir = mkdtempSync(join(tmpdir(), "ll-secrets-"));

beforeAll(async () => {
  const [echo, spans, errors] = await Promise.all([runEcho(), taking(), taking()]);
  closers = [echo, spans, errors];
  const { port } = new URL(errors.baseUrl);
  const secret = (value: string): string => {
    const file = join(secretsDir, String(readdirSync(secretsDir).length));
    writeFileSync(file, value);
    return `\${file:${file}}`;
  };
  const target = { provider: "openai-compatible", model: "big", baseUrl: echo.baseUrl };
  const settings = {
    targets: { u: { ...target, keys: [secret(entrusted.provider)] } },
    routes: { r: { models: ["m"], groups: [{ targets: ["u"] }] } },
    breaker: { minVolume: 10_000, minFailures: 1000 },
    retry: { attempts: 1 },
    auth: { peppers: { 2: secret(entrusted.pepper) } },
    admin: { enabled: true },
    auditLog: { requests: "all" },
    log: { level: "debug" },
    // Nobody listens on port 9.
    stores: {
      redis: secret(`redis://:${entrusted.store}@127.0.0.1:9`),
      objects: {
        endpoint: "http://127.0.0.1:9",
        bucket: "files",
        accessKey: secret("canary-access"),
        secretKey: secret(entrusted.object),
      },
    },
    telemetry: {
      overloadAfter: 0,
      traces: {
        endpoint: `${spans.baseUrl}/traces`,
        sampleRatio: 1,
        headers: { "x-canary": secret(entrusted.header) },
      },
      errors: { dsn: secret(`http://${entrusted.dsn}@127.0.0.1:${port}/7`) },
    },
  };
  const g = await runGateway(settings, temporaryDir(), {
    stages: (table) => table.map((stage) => (stage.id === "route" ? breaking(stage) : stage)),
  });
  const { keys } = g.gateway.identity;
  const root = { name: "root", roles: ["admin"], tenantId: "*" };
  const admin = await keys.create(operator(), root);
  expect((await g.post(path, body())).status).toBe(200);
  const refusals = await failEverywhere(g, admin.secret);
  const by = { headers: { authorization: `Bearer ${admin.secret}` } };
  const read = async (target: string): Promise<string> => (await fetch(g.url + target, by)).text();
  const audit = async (): Promise<string> => {
    const tenants = ["*", "default"].map((id) => read(`/admin/v1/audit?limit=1000&tenantId=${id}`));
    return (await Promise.all(tenants)).join("\n");
  };
  await eventually(clock, async () => (await audit()).includes("key.exposed"), 10_000);
  await eventually(clock, () => errors.bodies.length > 0, 10_000);
  const texts = {
    health: await read("/health"),
    metrics: await read("/metrics"),
    configuration: await read("/admin/v1/config"),
    audit: await audit(),
    keys: await read("/admin/v1/keys"),
    state: filesOf(g.stateDir),
  };
  await g[Symbol.asyncDispose]();
  seen = {
    texts: {
      ...texts,
      log: g.logged(),
      traces: spans.bodies.join("\n"),
      errors: errors.bodies.join("\n"),
    },
    refusals,
    keys: [g.key, admin.secret].map((key) => key.split("_")[3] ?? key),
  };
}, 60_000);
afterAll(async () => {
  for (const one of closers) await one[Symbol.asyncDispose]();
  rmSync(secretsDir, { recursive: true, force: true });
});

describe("after calls that failed in every way", () => {
  it.each([
    "log",
    "metrics",
    "health",
    "configuration",
    "audit",
    "keys",
    "state",
    "traces",
    "errors",
  ])("no secret, key, prompt or reply is in: %s", (name) => {
    const text = seen.texts[name] ?? "";
    expect(text.length).toBeGreaterThan(100);
    const all = [...Object.entries({ ...entrusted, ...said }), ...seen.keys.entries()];
    const leaked = all.filter(([, canary]) => text.includes(canary)).map(([what]) => what);
    expect(leaked).toEqual([]);
  });

  it("no secret of the operator is in what a caller is answered when refused", () => {
    expect(seen.refusals).toContain("LL_UPSTREAM_AUTH");
    // An upstream's own words about a bad request are passed on.
    expect(seen.refusals).toContain(said.reply);
    for (const canary of Object.values(entrusted)) expect(seen.refusals).not.toContain(canary);
  });
});
