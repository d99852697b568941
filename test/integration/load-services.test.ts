import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClaimVerdict, VerdictDocument } from "@loadline/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ReferenceTarget,
  startReferenceTarget,
  type TargetOptions,
} from "../../packages/testkit/src/reference-target/index.ts";
import { claimsThat, emptyDir, evidenceOf, runCli, runDirOf, verdictOf } from "./cli-process.ts";
import { decidable, skipIfOpen, skipUnlessPassed } from "./readiness.ts";

const planOf = (url: string, version: string): string => `load:
  target:
    baseUrl: "${url}"
    mcp: { version: "${version}" }
    rag:
      ingest: { method: POST, path: /rag/documents, body: { id: "\${id}", text: "\${text}" } }
      query: { method: POST, path: /rag/query, body: { query: "\${query}", top_k: "\${k}" } }
      remove: { method: DELETE, path: "/rag/documents/\${id}" }
      tenants: [{ name: a, headers: { x-tenant: a } }, { name: b, headers: { x-tenant: b } }]
      idPath: id
      resultsPath: results
      textPath: text
    rooms: { path: /ws }
  scenarios:
    tools: { executor: constant-arrival-rate, rate: 50, duration: 4s, steps: [{ name: call, mcp: { tool: echo, args: { q: x } } }] }
    docs: { executor: constant-arrival-rate, rate: 20, duration: 4s, steps: [{ name: put, rag: { ingest: { text: hello } } }, { name: ask, rag: { query: {} } }] }
    chat: { executor: constant-vus, vus: 20, duration: 4s, think: 50ms, steps: [{ name: say, ws: say }] }
  thresholds:
    mcp_tool_errors: [{ threshold: "count<1", id: tool.errors }]
    mcp_protocol_errors: [{ threshold: "count<1", id: protocol.errors }]
    rag_foreign: [{ threshold: "count<1", id: foreign }]
    ws_delivery: [{ threshold: "rate>0.995", id: delivery }]
`;

/** Claims of a count that is to be 0. */
const zeros = ["tool.errors", "protocol.errors", "foreign"];

describe("tools, documents and rooms through the command line, beside the target's own counts", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  async function load(
    options: TargetOptions,
    version: string,
  ): Promise<{ verdict: VerdictDocument; evidence: string }> {
    await target.configure(options);
    const cwd = emptyDir();
    writeFileSync(join(cwd, "plan.yaml"), planOf(target.url, version));
    const ended = await runCli(cwd, ["load", "plan.yaml", "--json"]);
    const verdict = verdictOf(ended);
    return { verdict, evidence: evidenceOf(runDirOf(cwd)) };
  }
  const claim = (verdict: VerdictDocument, id: string): ClaimVerdict | undefined =>
    verdict.claims.find((one) => one.id === id);

  it("a leak, tool errors apart from protocol errors, and 1 % of loss behind lying acks are all found", async (context) => {
    const faults = {
      mcp: { toolErrors: 0.1, protocolErrors: 0.05 },
      rag: { leak: true },
      rooms: { loss: 0.01, lie: true },
    };
    const { verdict } = await load(faults, "2026-07-28");
    const { counts } = await target.truth();
    const found = decidable(verdict, zeros);
    expect(claimsThat(verdict, "failed")).toEqual(expect.arrayContaining(found));
    // One call goes before the load, to learn whether the route is there.
    const seen = (id: string): number =>
      Number(/(\d+)/.exec(claim(verdict, id)?.sentence ?? "")?.[1] ?? Number.NaN);
    for (const [id, count] of [
      ["tool.errors", counts["mcp_tool_errors"]],
      ["protocol.errors", counts["mcp_protocol_errors"]],
    ] as const) {
      if (found.includes(id)) expect(Math.abs(seen(id) - (count ?? 0)), id).toBeLessThanOrEqual(1);
    }
    expect(counts["rag_foreign"]).toBeGreaterThan(0);
    const delivery = claim(verdict, "delivery");
    expect(delivery?.verdict).not.toBe("passed");
    const truth = (counts["room_delivered"] ?? 0) / (counts["room_expected"] ?? 0);
    expect(truth).toBeGreaterThan(0.985);
    const own = 1 - (delivery?.bad ?? 0) / (delivery?.n ?? Number.NaN);
    expect(Math.abs(own - truth)).toBeLessThan(0.001);
    skipIfOpen(context, verdict, zeros);
  });

  it("the clean twin: nothing fails, and what was planted is gone", async (context) => {
    const { verdict, evidence } = await load({}, "2025-11-25");
    const { counts } = await target.truth();
    expect(claimsThat(verdict, "failed")).toEqual([]);
    expect(claim(verdict, "delivery")).toMatchObject({ bad: 0 });
    expect(counts["room_delivered"]).toBe(counts["room_expected"]);
    expect(counts["mcp_initialize"]).toBeGreaterThan(0);
    expect(counts["rag_removed"]).toBeGreaterThanOrEqual((counts["rag_ingested"] ?? 0) - 1);
    expect(evidence.length).toBeGreaterThan(0);
    skipUnlessPassed(context, verdict, zeros);
  });
});
