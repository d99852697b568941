import { describe, expect, it } from "vitest";
import { startReferenceTarget } from "../../../../testkit/src/reference-target/index.ts";
import { planFolder, ran, type Ran } from "../plan/run.fixture.ts";

const services = (mcp: string): string => `
    mcp: { version: "${mcp}" }
    rag:
      ingest: { method: POST, path: /rag/documents, body: { id: "\${id}", text: "\${text}" } }
      query: { method: POST, path: /rag/query, body: { query: "\${query}", top_k: "\${k}" } }
      remove: { method: DELETE, path: "/rag/documents/\${id}" }
      tenants: [{ name: a, headers: { x-tenant: a } }, { name: b, headers: { x-tenant: b } }]
      resultsPath: results
      textPath: text
      poll: 10ms
    rooms: { path: /ws }`;

const plan = (url: string, what: string, mcp = "2026-07-28"): string => `load:
  target:
    baseUrl: "${url}"${services(mcp)}
  scenarios:
    s:
      executor: shared-iterations
      vus: 2
      iterations: 6
      ${what}
`;

const steps = `steps:
        - { name: list, mcp: { list: true } }
        - { name: call, mcp: { tool: echo, args: { q: "it \${iteration}", n: "\${iteration}" } } }
        - { check: { name: echoed, contains: "it " } }
        - { name: put, rag: { ingest: { text: "iteration \${iteration}" } } }
        - { name: ask, rag: { query: {} } }
        - { check: { name: clean, json: { foreign: 0 } } }
        - { name: say, ws: say }
        - { name: trip, ws: call }`;

const module = `export async function s(vu) {
  const list = await vu.mcp.list({ name: "list" });
  const call = await vu.mcp.call("echo", { q: "it " + vu.iteration }, { name: "call" });
  await vu.rag.ingest("iteration " + vu.iteration, { name: "put" });
  const found = await vu.rag.query(undefined, { name: "ask" });
  const member = await vu.ws.connect({ name: "say" });
  const said = await member.say({ name: "say" });
  const trip = await member.call({ name: "trip" });
  vu.check(call, { echoed: (r) => r.kind === "ok" && r.text().includes("it ") });
  vu.check(found, { clean: (r) => r.foreign === 0 && r.hit !== false });
}`;

/** Figures by name: [count, bad]. */
const figuresOf = ({ records }: Ran): Record<string, readonly [number, number]> =>
  Object.fromEntries(
    records
      .flatMap((one) => (one.type === "figure" ? [one.figure] : []))
      .map(({ figure, count, bad }) => [figure, [count, bad] as const]),
  );

async function run(what: string, options = {}, mcp?: string) {
  await using target = await startReferenceTarget(options);
  using folder = planFolder();
  folder.write("s.ts", module);
  const file = await folder.compile(plan(target.url, what, mcp));
  const result = await ran(file.plan);
  return { ...result, figures: figuresOf(result), truth: await target.truth() };
}

const exec = 'requests: [list, call, put, ask, say, trip]\n      exec: "./s.ts#s"';

describe.each([
  ["steps", steps],
  ["module", exec],
])("services of a target (%s)", (_how, what) => {
  it.each(["2025-11-25", "2026-07-28"])(
    "MCP %s, documents and rooms are called, counted and left clean",
    async (mcp) => {
      const { accounts, events, figures, truth } = await run(what, {}, mcp);
      expect(events).toEqual([]);
      expect(accounts[0]?.bad).toEqual({});
      expect(figures).toMatchObject({
        mcp_list: [6, 0],
        mcp_call: [6, 0],
        "mcp_call{tool:echo}": [6, 0],
        rag_ingest: [6, 0],
        rag_query: [6, 0],
        rag_visible: [6, 0],
        rag_foreign: [6, 0],
        ws_rtt: [6, 0],
        "check:echoed": [6, 0],
        "check:clean": [6, 0],
      });
      expect(truth.counts).toMatchObject({
        mcp_list: 6,
        mcp_calls: 6,
        rag_ingested: 6,
        rag_removed: 6,
      });
    },
  );

  it("a tool's error, a leak between tenants and a lost answer are bad outcomes, not exceptions", async () => {
    const { accounts, figures } = await run(what, {
      mcp: { toolErrors: 1 },
      rag: { leak: true },
    });
    expect(accounts[0]?.bad).toEqual({ check: 6 });
    expect(figures["mcp_tool_errors"]).toEqual([6, 6]);
    expect(figures["check:echoed"]?.[1]).toBeGreaterThan(0);
  });
});

describe("services of a target", () => {
  it("a service nobody described is the scenario's fault, told once", async () => {
    await using target = await startReferenceTarget({});
    using folder = planFolder();
    folder.write("s.ts", "export async function s(vu) { await vu.rag.query(); }");
    const file = await folder.compile(`load:
  target: { baseUrl: "${target.url}" }
  scenarios: { s: { executor: shared-iterations, iterations: 2, exec: "./s.ts#s" } }
`);
    const { accounts, events } = await ran(file.plan);
    expect(accounts[0]).toMatchObject({ due: 2, bad: { script: 2 } });
    expect(events).toEqual([expect.stringContaining("target.rag is not set")]);
  });
});
