import { readFileSync } from "node:fs";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { completion, endJson } from "../../test/answers.ts";
import { runUpstream } from "../../test/harness.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { operator } from "../identity/acting.ts";
import { livePaths } from "./restart.ts";
import {
  over,
  type Reloadable,
  runReloadable,
  type Settings,
  simulated,
} from "./reload.fixture.ts";

const messages = [{ role: "user", content: "x".repeat(2000) }];
const stream = { stream: true } as const;

/** An upstream that fails every call in its own words. */
function failing(status: number) {
  return runUpstream((response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end("{}");
  });
}

interface Seen {
  readonly status: number;
  readonly text: string;
}

async function seenBy(answer: Promise<Response>): Promise<Seen> {
  const response = await answer;
  return { status: response.status, text: await response.text() };
}

/** What a key changes, with a probe whose answer differs before and after. */
interface Case {
  readonly key: string;
  readonly before?: Settings;
  readonly after: Settings;
  probe(g: Reloadable): Promise<unknown>;
  readonly was: unknown;
  readonly is: unknown;
}

const statusOf = async (answer: Promise<Response>): Promise<number> =>
  (await seenBy(answer)).status;
const noKey = (g: Reloadable) => statusOf(g.chat({}, {}));
const slow = simulated({ latency: "400ms" });
const perHour = { scope: "key", resource: "requests", limit: 1, period: "1h", burst: 1 };

const cases: readonly Case[] = [
  {
    key: "routes.<name>.models",
    after: { routes: { r: { models: ["n"], groups: [{ targets: ["s"] }] } } },
    probe: async (g) => [await statusOf(g.chat()), await statusOf(g.chat({ model: "n" }))],
    was: [200, 404],
    is: [404, 200],
  },
  {
    key: "routes (models listed)",
    after: { routes: { other: { models: ["x"], groups: [{ targets: ["s"] }] } } },
    probe: async (g) => (await (await g.get("/v1/models")).text()).includes('"id":"x"'),
    was: false,
    is: true,
  },
  {
    key: "targets.<name>",
    after: simulated({ tokens: 7 }),
    probe: async (g) => /"completion_tokens":(\d+)/.exec((await seenBy(g.chat())).text)?.[1],
    was: "3",
    is: "7",
  },
  {
    key: "timeouts.total",
    before: slow,
    after: { ...slow, timeouts: { total: "100ms" } },
    probe: (g) => statusOf(g.chat()),
    was: 200,
    is: 504,
  },
  {
    key: "routes.<name>.timeouts.firstByte",
    before: slow,
    after: {
      ...slow,
      routes: {
        r: { models: ["m"], groups: [{ targets: ["s"] }], timeouts: { firstByte: "100ms" } },
      },
    },
    probe: (g) => statusOf(g.chat()),
    was: 200,
    is: 504,
  },
  {
    key: "limits",
    after: { limits: [perHour] },
    probe: async (g) => [await statusOf(g.chat()), await statusOf(g.chat())],
    was: [200, 200],
    is: [200, 429],
  },
  {
    key: "concurrency.key",
    before: slow,
    after: { ...slow, concurrency: { key: 1 } },
    probe: async (g) => (await Promise.all([statusOf(g.chat()), statusOf(g.chat())])).toSorted(),
    was: [200, 200],
    is: [200, 429],
  },
  {
    key: "prices",
    after: { prices: { m: { input: 0, output: 0, request: 1 } } },
    async probe(g) {
      const costOf = async (): Promise<number> =>
        Number(/cost_nanounits_total\{model="m"\} (\d+)/.exec(await g.metrics())?.[1]);
      const before = await costOf();
      await seenBy(g.chat());
      return (await costOf()) - before;
    },
    was: 0,
    is: 1e9,
  },
  {
    key: "outputMax",
    before: { limits: [{ scope: "key", resource: "tokens", limit: 5000 }] },
    after: { limits: [{ scope: "key", resource: "tokens", limit: 5000 }], outputMax: { m: 6000 } },
    probe: (g) => statusOf(g.chat()),
    was: 200,
    is: 400,
  },
  {
    key: "http.bodyBytesMax",
    after: { http: { bodyBytesMax: 1024 } },
    probe: (g) => statusOf(g.chat({ messages })),
    was: 200,
    is: 413,
  },
  { key: "auth.required", after: { auth: { required: false } }, probe: noKey, was: 401, is: 200 },
  {
    key: "admin.allowFrom",
    after: { admin: { allowFrom: ["10.0.0.0/8"] } },
    probe: async (g) => (await admin(g, "/settings")).status,
    was: 200,
    is: 403,
  },
  {
    key: "log.level",
    after: { log: { level: "error" } },
    async probe(g) {
      const before = requestLines(g);
      await seenBy(g.chat());
      const isLogged = (): boolean => requestLines(g) > before;
      return eventually(systemClock(), isLogged, 2000).then(
        () => true,
        () => false,
      );
    },
    was: true,
    is: false,
  },
  {
    key: "stream.heldBytesMax (whole answers pass at once)",
    before: simulated({ tokens: 2000 }),
    after: { ...simulated({ tokens: 2000 }), stream: { heldBytesMax: 1024 } },
    probe: async (g) => (await g.chat()).headers.has("content-length"),
    was: true,
    is: false,
  },
  {
    key: "auditLog.requests",
    after: { auditLog: { requests: "all" } },
    async probe(g) {
      await seenBy(g.chat(stream));
      return (await admin(g, "/audit?tenantId=default")).text.includes('"action":"request"');
    },
    was: false,
    is: true,
  },
];

async function adminKey(g: Reloadable): Promise<string> {
  const key = { name: "n", roles: ["admin"], tenantId: "*" };
  return (await g.gateway.identity.keys.create(operator(), key)).secret;
}

async function admin(g: Reloadable, path: string): Promise<Seen> {
  const headers = { authorization: `Bearer ${await adminKey(g)}` };
  return seenBy(fetch(`${g.url}/admin/v1${path}`, { headers }));
}

const requestLines = (g: Reloadable): number => g.logged().split('"event":"request"').length - 1;

describe("each key that a reload applies changes behaviour", () => {
  it.each(cases)("$key", async ({ before = {}, after, probe, was, is }) => {
    await using g = await runReloadable({ ...simulated(), ...before });
    expect(await probe(g)).toEqual(was);
    const { outcome } = await g.reload({ ...simulated(), ...after });
    expect(outcome).toBe("applied");
    await eventually(systemClock(), async () => isEqual(await probe(g), is), 15_000);
  });

  it("retry.attempts", async () => {
    await using one = await failing(503);
    await using two = await failing(503);
    const settings = over(one.baseUrl, two.baseUrl);
    await using g = await runReloadable(settings);
    await seenBy(g.chat());
    expect([one.bodies.length, two.bodies.length]).toEqual([1, 1]);
    await g.reload({ ...settings, retry: { attempts: 1 } });
    await seenBy(g.chat());
    expect([one.bodies.length, two.bodies.length]).toEqual([2, 1]);
  });

  it("breaker.minFailures", async () => {
    await using one = await failing(503);
    const settings = over(one.baseUrl);
    await using g = await runReloadable(settings);
    const breaker = { rate: 0.01, minVolume: 1, minFailures: 1, openFor: "1h", openForMax: "1h" };
    for (let i = 0; i < 3; i++) await seenBy(g.chat());
    expect(one.bodies).toHaveLength(3);
    await g.reload({ ...settings, breaker });
    for (let i = 0; i < 3; i++) await seenBy(g.chat());
    expect(one.bodies).toHaveLength(4);
  });
});

describe("keys that take more than one call to see", () => {
  it("transport", async () => {
    await using one = await runUpstream((response) => endJson(response, 200, completion()));
    const settings = over(one.baseUrl);
    await using g = await runReloadable(settings);
    await seenBy(g.chat());
    await g.reload({ ...settings, transport: "undici" });
    await seenBy(g.chat());
    // undici says that it keeps its connections, our own client says nothing.
    const said = one.requests.map(({ headers }) => headers.connection ?? "");
    expect(said).toEqual(["", "keep-alive"]);
  });

  it.each([
    ["20s", true],
    [0, false],
  ])("drain.grace: %s", async (grace, isWhole) => {
    const settings = simulated({ tokens: 30, tokensPerSecond: 50 });
    const other = grace === 0 ? "20s" : 0;
    await using g = await runReloadable(
      { ...settings, drain: { accept: 0, grace: other } },
      { beside: {} },
    );
    expect((await g.reload({ ...settings, drain: { accept: 0, grace } })).outcome).toBe("applied");
    const answer = await g.chat(stream);
    const text = answer.text();
    const { cut } = await g.gateway.close();
    expect([(await text).trim().endsWith("data: [DONE]"), cut]).toEqual([
      isWhole,
      Number(!isWhole),
    ]);
  });
});

describe("a key that is parsed and ignored", () => {
  it.each(cases)("$key: is caught", async ({ before = {}, after, probe, is }) => {
    let first: GatewayConfig | undefined;
    const taken = (config: GatewayConfig): GatewayConfig => (first ??= config);
    await using g = await runReloadable({ ...simulated(), ...before }, { taken });
    const { problem } = await g.reload({ ...simulated(), ...after });
    expect([problem, isEqual(await probe(g), is)]).toEqual([undefined, false]);
  });
});

describe("what a reload applies", () => {
  /** Where a key is seen to change behaviour that has no case here. */
  const elsewhere: Readonly<Record<string, string>> = {
    profile: "../config/production.test.ts",
    models: "../models/swap/swaps.test.ts",
    "auditLog.sync": "../audit-log/exit.test.ts",
    "tls.files": "../tls/listener.test.ts",
    "tls.certificates": "../tls/certificates.server.test.ts",
    "tls.minVersion": "../tls/certificates.server.test.ts",
    "tls.pq": "../tls/certificates.server.test.ts",
  };
  const here = [...cases.map(({ key }) => key), "retry", "breaker", "transport", "drain"];

  it.each([...livePaths])(
    "%s is seen to change behaviour, here or where this file says",
    (path) => {
      const isHere = here.some((key) => key === path || key.startsWith(`${path}.`));
      const isSection = here.some((key) => key.split(/[. ]/)[0] === path);
      const file = elsewhere[path];
      const text = file === undefined ? "" : readFileSync(new URL(file, import.meta.url), "utf8");
      const isThere = new RegExp(`\\b${path.split(".").at(-1) ?? ""}\\b`).test(text);
      expect([isHere || isSection, isThere]).toContain(true);
    },
  );
});

describe("a closed gateway", () => {
  it("takes no other configuration", async () => {
    const g = await runReloadable(simulated());
    await g.gateway.close();
    const { problem } = await g.reload(simulated({ tokens: 9 }));
    expect(problem).toContain("LL_SERVER_DRAINING");
    await g[Symbol.asyncDispose]();
  });
});

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
