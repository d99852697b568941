import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../../../../testkit/src/recording-target/index.ts";
import { startReferenceTarget } from "../../../../../testkit/src/reference-target/index.ts";
import type { RagScenario } from "../../clients/rag/rag-exec.ts";
import { referenceDocuments } from "../../clients/rag/rag.fixture.ts";
import { planFolder, ran } from "../../plan/run.fixture.ts";
import type { LoadPlan } from "../../types.ts";
import { probeSteps } from "./probe.ts";

const clock = systemClock();
/** Far below the 30 s after which the probe of a scenario is given up. */
const wallMs = 20_000;

const options: RagScenario = {
  ...referenceDocuments,
  ingestShare: 0.5,
  text: "some text",
};

const documents = (baseUrl: string, more: Partial<RagScenario> = {}): LoadPlan => ({
  target: { baseUrl },
  seed: 7,
  scenarios: {
    documents: {
      executor: "shared-iterations",
      vus: 2,
      iterations: 6,
      exec: { kind: "rag", options: { ...options, ...more } },
      steps: [{ name: "ingest" }, { name: "query" }],
    },
  },
  limits: [],
});

describe("the one request of each step before load", () => {
  it("a store that never finds anything is looked into once, not until it gives in", async () => {
    await using target = await startReferenceTarget({ rag: { forget: 1 } });
    expect(await probeSteps(documents(target.url), clock, () => undefined)).toEqual([]);
    const { counts } = await target.truth();
    expect(counts).toMatchObject({ rag_ingested: 1, rag_queries: 1, rag_removed: 1 });
  });

  it("a load of such a store runs to its end, and shows no hit", { timeout: wallMs }, async () => {
    await using target = await startReferenceTarget({ rag: { forget: 1 } });
    const plan = documents(target.url, { pollMs: 20, visibleWithinMs: 60 });
    const { accounts, records } = await ran(plan, { probe: true });
    expect(accounts[0]).toMatchObject({ ok: accounts[0]?.due, bad: {} });
    const names = records.flatMap((one) => (one.type === "figure" ? one.figure.figure : []));
    expect(names).toContain("rag_query");
    expect(names).not.toContain("rag_hit");
  });

  it("a store without a route for questions lacks it", async () => {
    await using target = await startRecordingTarget(({ path }) => ({
      status: path === "/rag/query" ? 404 : 200,
      body: "{}",
    }));
    const missing = await probeSteps(documents(target.url), clock, () => undefined);
    expect(missing).toMatchObject([{ scenario: "documents", status: 404 }]);
  });

  it(
    "a function that asks without end is left when its requests are spent",
    { timeout: wallMs },
    async () => {
      await using target = await startRecordingTarget();
      using folder = planFolder();
      folder.write(
        "wait.ts",
        "export async function wait(vu) { for (;;) { await vu.http.get('/ready'); } }",
      );
      const { plan } = await folder.compile(`load:
  target: { baseUrl: "${target.url}" }
  scenarios:
    s: { executor: shared-iterations, iterations: 1, exec: "./wait.ts#wait" }
`);
      expect(await probeSteps(plan, clock, () => undefined)).toEqual([]);
      expect(target.seen).toHaveLength(200);
    },
  );
});
