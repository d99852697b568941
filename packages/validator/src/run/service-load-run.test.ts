import { createServer } from "node:http";
import type { VerdictDocument } from "@loadline/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import {
  type ReferenceTarget,
  startReferenceTarget,
} from "../../../testkit/src/reference-target/index.ts";
import { buildPlan } from "../plan/build-plan.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { type PlanFileInput, planFileSchema } from "../plan/manifest.ts";
import { loadDeps, removeRuns } from "./load-job.fixture.ts";
import { runValidation } from "./run-validation.ts";

afterEach(removeRuns);

type Services = NonNullable<PlanFileInput["stack"]>["services"];

const docs = (url: string): Services => ({ docs: { kind: "rag", url, tenants: ["a", "b"] } });
const tools = (url: string, o: object = {}): Services => {
  const call = { tool: "echo", arguments: { q: "$MARK" } };
  return { tools: { kind: "mcp", url: `${url}/mcp`, call, ...o } };
};
const live = (url: string, o: object = { rooms: { members: 6 } }): Services => ({
  live: { kind: "websocket", url: `${url.replace("http", "ws")}/ws`, ...o },
});

/** Long enough that one or two bad outcomes still leave 95 % shown; limits that no busy machine reaches. */
const load = {
  ratePerSecond: 60,
  durationSeconds: 3,
  warmupSeconds: 0.2,
  success: 0.95,
  p99Ms: 60_000,
  queryP99Ms: 60_000,
  ingestP95Ms: 60_000,
  fanOutP95Ms: 60_000,
} as const;

const planOf = (services: Services, o: PlanFileInput = {}) =>
  buildPlan(planFileSchema.parse({ profile: "full", stack: { services }, load, ...o }));

async function validate(services: Services, o: PlanFileInput = {}): Promise<VerdictDocument> {
  const deps = loadDeps({ stackSecrets: new Map([["${env:TOKEN}", "a-word-for-this-test"]]) });
  const plan = planOf(services, { cooldownSeconds: 0, ...o });
  const { verdict } = await runValidation(plan, deps);
  return verdict;
}

/** Not wrong; a guard may leave it open on a busy machine. */
const kept = /^passed$|^inconclusive (generator|noise|gaps)$/;
/**
 * Proven wrong; only the guards of a busy machine may void that, or faults that came in a bunch,
 * which are no independent samples. Neither turns anything to a pass.
 */
const refused = /^failed |^inconclusive (generator|noise|gaps|dependent)$/;

/** Verdict and reason of the claims of load, by the rest of their ids. */
const seen = ({ claims }: VerdictDocument): Record<string, string> =>
  Object.fromEntries(
    claims
      .filter(({ id }) => id.startsWith("load."))
      .map(({ id, verdict, reason }) => [id.slice(5), [verdict, reason ?? ""].join(" ").trim()]),
  );
const sentence = ({ claims }: VerdictDocument, id: string): string =>
  claims.find((claim) => claim.id === id)?.sentence ?? "";

describe("which services of a stack are under load", () => {
  const all = { ...docs("http://127.0.0.1:9"), ...tools("http://127.0.0.1:9") };
  const loads = (o: PlanFileInput): unknown => planOf(all, o).stages["loads"];

  it("all that have a client in full, none in quick, and those that are named", () => {
    expect(loads({})).toEqual(["docs", "tools"]);
    expect(loads({ profile: "quick" })).toEqual([]);
    expect(loads({ profile: "quick", load: { services: ["tools"] } })).toEqual(["tools"]);
    expect(loads({ load: { services: [] } })).toEqual([]);
    expect(loads({ target: { url: "http://127.0.0.1:9/v1" } })).toEqual(["chat", "docs", "tools"]);
  });

  it("each has claims of its own in the plan before anything is sent, and the optional count for nothing", () => {
    const claims = planOf({
      ...docs("http://127.0.0.1:9"),
      tools: { kind: "mcp", url: "http://127.0.0.1:9/mcp", required: false },
    }).claims.filter(({ of }) => of.startsWith("load."));
    expect(claims.filter(({ required }) => required).map(({ id }) => id)).toEqual([
      "load.docs.success",
      "load.docs.query.p99",
      "load.docs.ingest.p95",
      "load.docs.visible.p95",
      "load.docs.foreign",
    ]);
    expect(claims.filter(({ required }) => !required).map(({ id }) => id)).toEqual([
      "load.tools.success",
      "load.tools.list.p99",
    ]);
    for (const { id, of } of claims) expect(of).toBe(id);
  });

  it("a name that is no such service, or that hides the chat's claims, is refused with its place", () => {
    const issues = (o: object): string[] =>
      (planFileSchema.safeParse({ stack: { services: all }, ...o }).error?.issues ?? []).map(
        ({ path, message }) => `${path.join(".")}: ${message}`,
      );
    expect(issues({ load: { services: ["doc"] } })).toEqual([
      "load.services.0: the stack has no service doc of kind rag, mcp, websocket",
    ]);
    const stack = { services: { chat: { kind: "rag", url: "http://127.0.0.1:9" } } };
    expect(issues({ stack, profile: "full" })).toEqual([
      "stack.services.chat: chat is taken by the chat's own load; name the service otherwise",
    ]);
    expect(issues({ stack, profile: "quick" })).toEqual([]);
    // The profile of a command line decides what is loaded as that of the file does.
    const hidden = parsePlanFile(JSON.stringify({ profile: "quick", stack }), "full");
    expect(hidden).toMatchObject({
      ok: false,
      problems: [{ code: "LL_PLAN_SHAPE", path: "stack.services.chat" }],
    });
  });
});

describe("load on the services of a stack", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  it("documents, tools and rooms that keep their promises: nothing fails, and the service saw it [R2-09] [R2-10]", async () => {
    await target.configure({});
    const { url } = target;
    const verdict = await validate({ ...docs(url), ...tools(url), ...live(url) });
    const failed = Object.entries(seen(verdict)).filter(([, word]) => word.startsWith("failed"));
    expect(failed).toEqual([]);
    for (const id of ["docs.success", "docs.foreign", "tools.success", "live.success"]) {
      expect(seen(verdict)[id]).toMatch(kept);
    }
    const { counts } = await target.truth();
    expect(counts["rag_ingested"]).toBeGreaterThan(20);
    expect(counts["rag_removed"]).toBeGreaterThanOrEqual((counts["rag_ingested"] ?? 0) - 1);
    expect(counts["mcp_calls"]).toBeGreaterThan(50);
    expect(counts["room_delivered"]).toBeGreaterThan(50);
  }, 60_000);

  it("a leak between tenants fails the claim about it and no other", async () => {
    await target.configure({ rag: { leak: true } });
    const words = seen(await validate(docs(target.url)));
    expect(words["docs.foreign"]).toMatch(refused);
    expect(words["docs.success"]).toMatch(kept);
  }, 60_000);

  it("errors of tools fail their success", async () => {
    await target.configure({ mcp: { toolErrors: 0.3 } });
    expect(seen(await validate(tools(target.url)))["tools.success"]).toMatch(refused);
  }, 60_000);

  it("messages that were acknowledged and never came fail the delivery", async () => {
    await target.configure({ rooms: { loss: 0.2, lie: true } });
    const words = seen(await validate(live(target.url)));
    expect(words["live.delivery"]).toMatch(refused);
    expect(words["live.success"]).toMatch(kept);
  }, 60_000);

  it("a token of the manifest is sent with every request, and a missing one fails", async () => {
    await target.configure({ token: "a-word-for-this-test" });
    const withToken = seen(await validate(tools(target.url, { token: "${env:TOKEN}" })));
    expect(withToken["tools.success"]).toMatch(kept);
    expect(seen(await validate(tools(target.url)))["tools.success"]).toMatch(refused);
  }, 60_000);

  it("a service that lacks its route gets no load: every claim on it is not tested, by name [R2-57]", async () => {
    let asked = 0;
    const bare = createServer((_request, response) => {
      asked++;
      response.writeHead(404, { "content-type": "application/json" }).end("{}");
    });
    const url = `http://127.0.0.1:${await listenOnLoopback(bare)}`;
    const verdict = await validate({ ...docs(url), ...tools(url), ...live(url) });
    bare.close();
    const words = seen(verdict);
    for (const [id, word] of Object.entries(words)) {
      expect([id, word]).toEqual([id, "not_tested capability_missing"]);
    }
    expect(sentence(verdict, "load.docs.success")).toContain("docs/ingest (404)");
    expect(sentence(verdict, "load.tools.success")).toContain("lacks the route of tools/");
    expect(asked).toBeLessThan(30);
  }, 60_000);

  it("a WebSocket whose rooms nobody described stays not tested by name, and nothing is READY", async () => {
    await target.configure({});
    const verdict = await validate(live(target.url, {}), { load: { ...load, services: ["live"] } });
    expect(seen(verdict)).toEqual({ "live.delivery": "not_tested not_run" });
    expect(sentence(verdict, "load.live.delivery")).toContain(
      "does not say that live speaks rooms",
    );
    expect(verdict.outcome).toBe("NOT_PROVEN");
  }, 60_000);

  it("nobody listens: every count is a failure of the service, in bounded time", async () => {
    const words = seen(await validate(tools("http://127.0.0.1:9")));
    expect(words["tools.success"]).toMatch(refused);
  }, 60_000);

  it("claims of the plan's own on services are decided by what was counted of them", async () => {
    await target.configure({});
    type Own = NonNullable<PlanFileInput["claims"]>[number];
    const own = (id: string, of: string, more: Pick<Own, "kind"> & Partial<Own>): Own => ({
      id: `mine.${id}`,
      of,
      statement: "holds in this window",
      category: "Performance & Capacity",
      rationale: "a promise to users",
      ...more,
    });
    const slow = { kind: "quantile", target: "95 %", limit: "60 s" };
    const claims = [
      own("query", "load.docs.query.response_time", slow),
      own("leak", "load.docs.foreign", { kind: "predicate" }),
      own("call", "load.tools.call.service_time", slow),
      own("heard", "load.live.delivery", { kind: "proportion", target: "90 %" }),
    ];
    const { url } = target;
    const all = { ...docs(url), ...tools(url), ...live(url) };
    const mine = async (o: PlanFileInput = {}) =>
      (await validate(all, { claims, ...o })).claims.filter(({ id }) => id.startsWith("mine."));
    const counted = await mine();
    expect(counted.map(({ id }) => id)).toEqual(claims.map(({ id }) => id));
    for (const { verdict, reason, n } of counted) {
      expect(`${verdict} ${reason ?? ""}`.trim()).toMatch(kept);
      expect(n).toBeGreaterThan(0);
    }
    await target.configure({ rag: { leak: true } });
    const some = await mine({ load: { ...load, services: ["docs"] }, skip: ["stack"] });
    expect(`${some[1]?.verdict ?? ""} ${some[1]?.reason ?? ""}`).toMatch(refused);
    expect(some.slice(2).map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ["not_tested", "not_run"],
      ["not_tested", "not_run"],
    ]);
  }, 90_000);

  it("a skipped stage leaves every claim of load not tested", async () => {
    const words = seen(await validate(docs(target.url), { skip: ["load", "stack"] }));
    expect(new Set(Object.values(words))).toEqual(new Set(["not_tested skipped"]));
  });
});
