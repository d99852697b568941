import { describe, expect, it } from "vitest";
import { bindJob } from "../job.ts";
import { checkLoadPlan } from "../plan/check.ts";
import { loadMinutes, loadPlanRows } from "../plan-rows.ts";
import { findProfile, loadProfiles } from "./index.ts";
import { jobOfProfile } from "./job-of-profile.ts";
import { type ProfileManifest, profileManifestSchema } from "./manifest.ts";
import type { LoadProfile, ProfileTerms } from "./profile.ts";

const bare = profileManifestSchema.parse({ model: "tiny" });
const full = profileManifestSchema.parse({
  model: "tiny",
  routes: [{ name: "items", path: "/items" }],
  rag: {
    ingest: { path: "/rag/documents", body: { id: "${id}", text: "${text}" } },
    query: { path: "/rag/query", body: { query: "${query}", k: "${k}" } },
    resultsPath: "results",
    textPath: "text",
  },
  mcp: { tool: "search", args: { q: "load line" } },
  rooms: { path: "/ws" },
  limiter: { kind: "token_bucket", limit: 10, periodMs: 1_000, burst: 10 },
  otherKey: { keyEnv: "OTHER_KEY" },
});

function bound(profile: LoadProfile, manifest: ProfileManifest, terms: ProfileTerms = {}) {
  const load = { target: { baseUrl: "http://127.0.0.1:1" }, seed: 7 };
  return bindJob(jobOfProfile(profile, { load, name: "target", manifest, terms, explore: false }));
}

describe("built-in profiles", () => {
  it.each(loadProfiles.map((profile) => [profile.id, profile] as const))(
    "%s is a plan the engine takes, and its own length can prove every claim of it",
    (_id, profile) => {
      const made = bound(profile, full);
      expect(() => checkLoadPlan(made.load)).not.toThrow();
      const rows = loadPlanRows(made);
      expect(rows.filter((row) => row.required && row.isTooSmall)).toEqual([]);
      expect(new Set(rows.map(({ claim }) => claim)).size).toBe(rows.length);
      expect(rows.map(({ claim }) => claim)).toContain("load.alive");
      expect(loadMinutes(made.load)).toBeGreaterThan(0.5);
    },
  );

  it("what a target does not have stays declared and is never left out", () => {
    for (const id of ["mix-50", "mix-open", "mix-ramps"]) {
      const rows = loadPlanRows(bound(findProfile(id), bare));
      const missing = rows.filter(({ problem }) => problem.endsWith("not_tested"));
      expect(missing.map(({ claim }) => claim)).toEqual(["rag.response_time", "mcp.response_time"]);
      for (const row of missing) expect([row.required, row.isTooSmall]).toEqual([true, false]);
    }
    expect(() => bound(findProfile("rooms"), bare)).toThrow(/names no rooms/);
  });

  it("mix-50 is half chat, half of it with history, 30 % RAG and 20 % MCP", () => {
    const { mix } = bound(findProfile("mix-50"), full).load.scenarios;
    const parts = mix?.exec?.kind === "mix" ? mix.exec.parts : [];
    expect(parts.map(({ name, weight }) => [name, weight])).toEqual([
      ["chat", 25],
      ["chat.history", 25],
      ["rag", 30],
      ["mcp", 20],
    ]);
    expect(mix).toMatchObject({ executor: "ramping-vus", thinkMs: [1_000, 3_000] });
    const statements = bound(findProfile("mix-50"), full).bound.map(({ claim }) => claim.statement);
    expect(statements.filter((text) => text.includes("rag.query")).join()).toContain("p99 < 1.8 s");
  });

  it("levels asks every declared route, in equal parts, at each level and up the ladder", () => {
    const routes = ["items", "orders", "users"].map((name) => ({ name, path: `/${name}` }));
    const manifest = profileManifestSchema.parse({ model: "tiny", routes });
    const { scenarios } = bound(findProfile("levels"), manifest).load;
    for (const name of ["routes.light", "routes.medium", "routes.high", "ladder"]) {
      const { exec } = scenarios[name] ?? {};
      const parts = exec?.kind === "mix" ? exec.parts : [];
      expect(parts.map(({ request, weight }) => [request, weight])).toEqual(
        routes.map(({ path }) => [{ kind: "http", method: "GET", path }, 1]),
      );
    }
    expect(bound(findProfile("levels"), full).load.scenarios["ladder"]).toMatchObject({
      request: { path: "/items" },
    });
    expect(bound(findProfile("levels"), bare).load.scenarios["ladder"]).toMatchObject({
      request: { kind: "chat" },
    });
  });

  it("light, medium and high are the levels by themselves: 5, 20 and 100 users with their limits", () => {
    const limits = { light: [2_000, 100, 200], medium: [2_000, 150, 250], high: [2_000, 200, 300] };
    const users = { light: 5, medium: 20, high: 100 };
    for (const name of ["light", "medium", "high"] as const) {
      const made = bound(findProfile(name), full);
      expect(made.load.scenarios[`routes.${name}`]).toMatchObject({
        executor: "constant-vus",
        vus: users[name],
        request: { path: "/items" },
      });
      const times = made.bound.filter(({ claim }) => claim.kind === "quantile");
      expect(times.map(({ claim }) => claim.limit)).toEqual(limits[name]);
      expect(made.bound.map(({ claim }) => claim.id)).toContain("all.errors.rate");
      const whole = bound(findProfile("levels"), full).load.scenarios[`routes.${name}`];
      expect(whole).toMatchObject({ vus: users[name] });
    }
  });

  it("every business route has a limit of its own, or that of all, at each level and in smoke [R4-15]", () => {
    const routes = [
      { name: "items", path: "/items", limitMs: 300 },
      { name: "orders", path: "/orders" },
    ];
    const manifest = profileManifestSchema.parse({ model: "tiny", limitMs: 700, routes });
    const limits = (id: string, of: ProfileManifest): Record<string, number | undefined> =>
      Object.fromEntries(
        bound(findProfile(id), of)
          .bound.filter(
            ({ claim }) => claim.kind === "quantile" && !/health|metrics/.test(claim.id),
          )
          .map(({ claim }) => [claim.id, claim.limit]),
      );
    expect(limits("light", manifest)).toEqual({
      "routes.light.items.response_time.p95": 300,
      "routes.light.orders.response_time.p95": 700,
    });
    expect(Object.values(limits("levels", manifest))).toEqual([300, 700, 300, 700, 300, 700]);
    expect(limits("smoke", manifest)).toEqual({
      "chat.concurrent.response_time.p95": 700,
      "items.concurrent.response_time.p95": 300,
      "orders.concurrent.response_time.p95": 700,
    });
    const one = { ...manifest, routes: routes.slice(0, 1) };
    expect(limits("light", one)).toEqual({ "routes.light.response_time.p95": 300 });
    expect(limits("light", { ...manifest, routes: [] })).toEqual({
      "routes.light.response_time.p95": 700,
    });
  });

  it("[R1-23] smoke promises that twenty at once bring no less than one alone", () => {
    const made = bound(findProfile("smoke"), bare);
    const speedUp = made.bound.find(({ claim }) => claim.id === "smoke.speed_up");
    expect(speedUp?.claim).toMatchObject({ required: true, kind: "predicate" });
    expect(speedUp?.ladder).toMatchObject({ users: 20, of: "speedUp", atLeast: 1 });
  });

  it.each([
    ["smoke", "smoke.speed_up"],
    ["levels", "ladder.speed_up"],
  ])("%s of one user compares nothing: its speed-up is required and not decided", (name, id) => {
    const made = bound(findProfile(name), bare, { users: 1 });
    const speedUp = made.bound.find(({ claim }) => claim.id === id);
    expect(speedUp?.claim.required).toBe(true);
    expect(speedUp?.ladder).toBeUndefined();
    expect(speedUp?.undecided).toMatchObject({ reason: "not_run" });
    expect(speedUp?.undecided?.sentence).toContain("--users 2");
    const two = bound(findProfile(name), bare, { users: 2 });
    const compared = two.bound.find(({ claim }) => claim.id === id);
    expect(compared).toMatchObject({ claim: { required: true }, ladder: { users: 2 } });
    expect(compared?.undecided).toBeUndefined();
  });

  it("baseline's total is the sum of its stages", () => {
    expect(loadMinutes(bound(findProfile("baseline"), bare).load)).toBeCloseTo(140 / 60, 9);
  });

  it("a step's planned samples are its part's share of the mix", () => {
    const rows = loadPlanRows(bound(findProfile("mix-open"), full));
    const planned = (claim: string): number =>
      rows.find((row) => row.claim === claim)?.planned ?? Number.NaN;
    const iterations = 45 * 590;
    expect(planned("mix.chat.response_time.p99")).toBe(Math.floor(iterations * 0.25));
    expect(planned("mix.mcp.call.response_time.p99")).toBe(Math.floor(iterations * 0.2));
    // Each iteration of MCP lists and calls; three of ten of documents ingest.
    expect(planned("all.errors.rate")).toBe(Math.floor(iterations * 1.2));
    expect(planned("mix.rag.ingest.response_time.p99")).toBe(Math.floor(iterations * 0.09));
    expect(planned("mix.rag.query.response_time.p99")).toBe(Math.floor(iterations * 0.21));
  });

  it.each(loadProfiles.map((profile) => [profile.id, profile] as const))(
    "%s takes the terms that change it, and refuses the others by name",
    (_id, profile) => {
      const run = { seed: 7, baseUrl: "http://127.0.0.1:1" };
      const made = (terms: ProfileTerms): string => JSON.stringify(profile.make(full, terms, run));
      const terms = { users: 7, rate: 3, durationMs: 77_000 } as const;
      const flags = { users: "--users", rate: "--rate", durationMs: "--duration" } as const;
      for (const term of ["users", "rate", "durationMs"] as const) {
        const given = { [term]: terms[term] };
        expect(made(given) !== made({}), term).toBe(profile.takes.includes(term));
        const asked = (): unknown => bound(profile, full, given);
        if (profile.takes.includes(term)) expect(asked).not.toThrow();
        else expect(asked).toThrow(`profile ${profile.id} takes no ${flags[term]}; it takes --`);
      }
    },
  );

  it("users, rate and duration change a profile, not its claims", () => {
    const small = bound(findProfile("users-1000"), bare, { users: 20, durationMs: 60_000 });
    const whole = bound(findProfile("users-1000"), bare);
    expect(small.bound.map(({ claim }) => claim.id)).toEqual(
      whole.bound.map(({ claim }) => claim.id),
    );
    expect(JSON.stringify(small.load.scenarios)).toContain('"target":20');
    const soak = bound(findProfile("soak"), bare, { rate: 100 }).load.scenarios["chat"];
    expect(soak).toMatchObject({ rate: 70 });
  });

  it("each triple of quota-burst's blocks has one loud one, at a place drawn from the seed", () => {
    const { burst } = bound(findProfile("quota-burst"), bare, { rate: 10 }).load.scenarios;
    const stages = burst?.executor === "ramping-arrival-rate" ? burst.stages : [];
    expect(stages).toHaveLength(60);
    const places = Array.from({ length: 20 }, (_, at) =>
      stages.slice(at * 3, at * 3 + 3).map(({ target }) => target),
    );
    for (const triple of places) expect(triple.toSorted((a, b) => a - b)).toEqual([0, 0, 30]);
    expect(new Set(places.map((triple) => triple.indexOf(30)))).toEqual(new Set([0, 1, 2]));
  });

  it("[R1-28] soak watches the target's memory: what it tells, or a process and its heap by name", () => {
    const observed = (manifest: ProfileManifest) =>
      bound(findProfile("soak"), manifest).job.observe;
    const url = "http://127.0.0.1:1/metrics";
    const shared = { growthMibPerHourMax: 16 };
    const resident = ["process_resident_memory_bytes"];
    expect(observed(bare)).toEqual([
      { prometheus: url, series: resident, ...shared, required: false },
    ]);
    const memory = { process: 4_242, series: [...resident, "heap_bytes"] };
    const declared = profileManifestSchema.parse({ model: "tiny", memory });
    expect(observed(declared)).toEqual([
      { process: 4_242, ...shared },
      { prometheus: url, series: resident, ...shared },
      { prometheus: url, series: ["heap_bytes"], ...shared },
    ]);
    // A target without a metrics route is watched by its process alone.
    const alone = profileManifestSchema.parse({ model: "tiny", memory: { process: 4_242 } });
    expect(observed(alone)).toEqual([{ process: 4_242, ...shared }]);
    const told = profileManifestSchema.parse({ model: "tiny", memory: {} });
    expect(observed(told)).toEqual([{ prometheus: url, series: resident, ...shared }]);
  });

  it("users-1000 watches what the target uses up, and claims no bottleneck as proven", () => {
    const { job, bound: all } = bound(findProfile("users-1000"), bare);
    expect(job.observe).toEqual([
      {
        prometheus: "http://127.0.0.1:1/metrics",
        series: expect.arrayContaining(["process_cpu_seconds_total", "process_open_fds"]),
      },
    ]);
    const bottleneck = all.find(({ claim }) => claim.id === "chat.bottleneck");
    expect(bottleneck?.claim.required).toBe(false);
    expect(bottleneck?.undecided).toMatchObject({ reason: "not_run", derived: "bottleneck" });
  });

  it("a plan names the growth of memory beside its other claims, and what a short one cannot tell", () => {
    const memory = { process: 4_242 };
    const declared = profileManifestSchema.parse({ model: "tiny", memory });
    const rows = (durationMs: number) =>
      loadPlanRows(bound(findProfile("soak"), declared, { durationMs })).filter(
        ({ kind }) => kind === "bound",
      );
    expect(rows(1_800_000).map(({ provable, planned }) => [provable, planned])).toEqual([
      [true, 1_620],
    ]);
    expect(rows(30_000)[0]).toMatchObject({
      isTooSmall: true,
      problem: "27 s after settling, 60 needed",
    });
  });

  it("quota-burst does not promise refusals that its own limiter would not make", () => {
    const wide = profileManifestSchema.parse({
      model: "tiny",
      limiter: { kind: "token_bucket", limit: 600, periodMs: 60_000 },
    });
    const rows = loadPlanRows(bound(findProfile("quota-burst"), wide));
    const refused = rows.find(({ claim }) => claim === "burst.refused");
    expect(refused?.problem).toMatch(/refuses \d+ % of them itself; .* not_tested/);
    const claims = bound(findProfile("quota-burst"), full).bound.map(({ claim }) => claim.id);
    expect(claims).toEqual(expect.arrayContaining(["burst.admitted", "other_key.p99"]));
  });

  it("an unknown name gets the nearest one", () => {
    expect(() => findProfile("mix50")).toThrow(/did you mean "mix-50"/);
    expect(() => findProfile("xyz")).toThrow(/known: smoke, mix-50/);
  });
});
