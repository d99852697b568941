import { describe, expect, it } from "vitest";
import { buildPlan, planRates } from "../plan/build-plan.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { planFileSchema } from "../plan/manifest.ts";
import { readStages } from "../plan/stages.ts";
import { planBudget } from "../run/budget.ts";
import { targetLoads } from "./target-load.ts";

const url = "http://127.0.0.1:9/v1";
const asked = {
  target: { url },
  load: { ladder: { users: [20, 5] }, soak: { minutes: 10, share: 0.5 } },
} as const;
const planOf = (file: object) => buildPlan(planFileSchema.parse(file));
const made = (file: object) => {
  return targetLoads(planFileSchema.parse(file));
};

describe("the ladder and the soak of a plan", () => {
  it("are declared before the run, each claim by name, and not without being asked for [R1-24]", () => {
    const ids = (file: object): string[] =>
      planOf(file)
        .claims.map(({ id }) => id)
        .filter((id) => /ladder|soak|memory/.test(id));
    expect(ids(asked)).toEqual([
      "load.ladder.success",
      "load.ladder.speed_up",
      "load.soak.success",
      "load.soak.p99",
      "target.memory_growth.1",
    ]);
    expect(ids({ target: { url }, profile: "full" })).toEqual([]);
  });

  it("hold one user alone first, however the numbers are given, and compare the most with it", () => {
    const [ladder] = made(asked);
    expect(ladder?.job.load.scenarios["ladder"]).toMatchObject({ users: [1, 5, 20], rounds: 3 });
    const speedUp = ladder?.claims.find(({ id }) => id === "load.ladder.speed_up");
    expect(speedUp?.statement).toContain("20 users at once brings no less than that of one alone");
    // Three numbers, three times, 10 s each.
    expect(ladder?.plannedMs).toBe(90_000);
  });

  it("are held longer than asked where their claims need it, and the plan counts that time", () => {
    const load = { ladder: { users: [4], holdSeconds: 1 } };
    const [ladder] = made({ target: { url }, load });
    // 299 answers of 500 ms by 5 users, three times, in nine tenths of each hold.
    expect(ladder?.plannedMs).toBe(2 * 3 * 12_000);
    expect(ladder?.samples["load.ladder.success"]).toBeGreaterThanOrEqual(299);
  });

  it("soak at the asked share of the rate, with the memory the target tells beside it", () => {
    const [, soak] = made(asked);
    expect(soak?.job.load.scenarios["soak"]).toMatchObject({ rate: 10, durationMs: 600_000 });
    expect(soak?.job.job.observe).toMatchObject([
      { prometheus: "http://127.0.0.1:9/metrics", series: ["process_resident_memory_bytes"] },
    ]);
    const growth = soak?.claims.find(({ kind }) => kind === "bound");
    // Nobody said where the memory is told: shown, never counted.
    expect(growth).toMatchObject({ of: "load.memory_growth.1", required: false, unit: "MiB/h" });
    const memory = { process: 1, growthMibPerHourMax: 4 };
    const [told] = made({ target: { url }, load: { soak: { memory } } });
    const growths = told?.claims.filter(({ kind }) => kind === "bound") ?? [];
    expect(growths.map(({ limit, required }) => [limit, required])).toEqual([[4, true]]);
  });

  it("are part of the budget, and every one of their claims can be proven in it", () => {
    const file = planFileSchema.parse({ profile: "full", ...asked });
    const plain = planFileSchema.parse({ profile: "full", target: { url } });
    const load = (one: typeof file): number =>
      planBudget(buildPlan(one)).rows.find(({ stage }) => stage === "load")?.plannedMs ?? 0;
    expect(load(file) - load(plain)).toBe(90_000 + 600_000 + 4_000);
    const rates = planRates(file);
    for (const { of } of made(asked).flatMap(({ claims }) => claims)) {
      expect(rates[of]?.n, of).toBeGreaterThan(0);
    }
    expect(rates["load.soak.p99"]).toMatchObject({ n: 6_000 });
  });

  it("go to a route of the stack where they name one, with or without a target [R1-24]", () => {
    const services = { api: { kind: "http", url: "http://127.0.0.1:9/base", token: "${env:KEY}" } };
    const route = { service: "api", path: "/items" };
    const load = { ladder: { users: [4], route }, soak: { minutes: 10, share: 0.5, route } };
    const file = { stack: { services }, load };
    const loads = made(file);
    for (const { job, name } of loads) {
      const { target: asked, scenarios } = job.load;
      expect(asked).toMatchObject({ baseUrl: services.api.url, allowHosts: ["127.0.0.1"] });
      expect(scenarios[name]?.request).toEqual({ kind: "http", method: "GET", path: "/items" });
    }
    const said = loads.flatMap(({ claims }) => claims).map(({ statement }) => statement);
    expect(said.join("\n")).not.toContain("chat");
    expect(said.filter((one) => one.startsWith("GET /items of api"))).toHaveLength(4);
    expect(readStages(planOf(file)).loads).toEqual(["ladder", "soak"]);
    // The chat's own steady load stays the target's.
    const both = readStages(planOf({ ...file, target: { url } }));
    expect(both.loads).toEqual(["chat", "ladder", "soak"]);
  });

  it("send a declared body as JSON", () => {
    const services = { api: { kind: "http", url: "http://127.0.0.1:9" } };
    const route = { service: "api", method: "POST", path: "/predict", json: { text: "x" } };
    const [ladder] = made({ stack: { services }, load: { ladder: { users: [4], route } } });
    expect(ladder?.job.load.scenarios["ladder"]?.request).toEqual({
      kind: "http",
      method: "POST",
      path: "/predict",
      headers: { "content-type": "application/json" },
      body: '{"text":"x"}',
    });
  });

  it.each<[object, string]>([
    [
      {
        stack: { services: { api: { kind: "http", url }, db: { kind: "prometheus", url } } },
        load: { ladder: { route: { service: "db", path: "/" } } },
      },
      "load.ladder.route.service: the stack has no service db of kind http.",
    ],
    [
      {
        stack: { services: { api: { kind: "http", url } } },
        load: { soak: { route: { service: "apy", path: "/" } } },
      },
      'no service apy of kind http. Did you mean "api"?',
    ],
    [
      {
        stack: { services: { api: { kind: "http", url } } },
        load: { ladder: { route: { service: "api", path: "/", json: {} } } },
      },
      "a GET carries no body",
    ],
    [{ targets: { eu: { url } }, load: asked.load }, "is of one `target`"],
    [{ stack: { services: {} }, load: { soak: {} } }, "is of one `target`"],
    [{ target: { url }, load: { ladder: { users: [1] } } }, "name a number of users above 1"],
    [{ target: { url }, load: { ladder: { hold: 3 } } }, "load.ladder.hold: unknown key"],
    [{ target: { url }, load: { soak: { minutes: 0 } } }, "load.soak.minutes"],
    [
      {
        target: { url },
        stack: { services: { soak: { kind: "rag", url: "http://127.0.0.1:9" } } },
        load: { services: ["soak"] },
      },
      "soak is taken by the chat's own load",
    ],
  ])("%j is refused by name, before anything is sent", (file, words) => {
    const read = parsePlanFile(JSON.stringify(file));
    const said = read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`);
    expect(said.join("\n")).toContain(words);
  });
});
