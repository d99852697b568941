import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { seededRandom } from "@loadline/kit/random";
import { afterAll, describe, expect, it } from "vitest";
import { configSchema, type GatewayConfig } from "../config/schema.ts";
import { usualDoors } from "../egress/doors.fixture.ts";
import { gatewayErrors } from "../errors.ts";
import { openTargets } from "../routing/compile.ts";
import type { Target } from "../routing/routes.ts";
import { createReloadMetrics } from "./metrics.ts";
import { createNames } from "./names.ts";
import { createReloader, liveAuditLog } from "./reloader.ts";
import { compileSnapshot, type Snapshot } from "./snapshot.ts";

const clock = new TestClock();
const dirs: string[] = [];
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "ll-reloader-"));
  dirs.push(dir);
  return dir;
}

/** One route over simulated targets of these names and lengths. */
function configOf(lengths: Readonly<Record<string, number>>, more: object = {}): GatewayConfig {
  const targets = Object.fromEntries(
    Object.entries(lengths).map(([name, tokens]) => [name, { provider: "simulator", tokens }]),
  );
  const groups = [{ targets: Object.keys(lengths) }];
  return configSchema.parse({ targets, routes: { r: { models: ["m"], groups } }, ...more });
}

interface Options {
  /** Names of targets that the metrics have room for. */
  readonly namesMax?: number;
  /** Files beside the configuration changed. */
  readonly areFilesChanged?: boolean;
  /** What is wrong with it. */
  readonly check?: () => void;
  /** What looking at it takes; absent: nothing is looked at. */
  readonly look?: (names: string) => Promise<void>;
}

/** A reloader over `{ a, b }` that tells in order what it did. */
function setup(o: Options = {}) {
  const config = configOf({ a: 1, b: 1 });
  const names = createNames(o.namesMax ?? 10);
  names.grow(config);
  let logged = "";
  const logger = createLogger({ clock, write: (line) => void (logged += line), level: "info" });
  const targetDeps = {
    clock,
    random: seededRandom(1),
    logger,
    egress: usualDoors(),
    signal: new AbortController().signal,
    runDir: temporaryDir(),
  };
  const first = compileSnapshot(config, openTargets(config, targetDeps), names);
  const live: { current: Snapshot } = { current: first };
  const metrics = createMetrics();
  const acts: string[] = [];
  const namesOf = (targets: readonly Target[]): string => targets.map(({ name }) => name).join();
  const reloader = createReloader({
    live,
    names,
    metrics: createReloadMetrics(metrics, () => live.current.digest),
    logger,
    targets: targetDeps,
    async look(config) {
      const names = Object.keys(config.targets).join();
      if (!o.look) return undefined;
      await o.look(names);
      return {
        keep: () => void acts.push(`keep ${names}`),
        undo: () => void acts.push(`undo ${names}`),
      };
    },
    readFiles: () => ({
      isChanged: o.areFilesChanged ?? false,
      install: () => void acts.push("files"),
    }),
    check() {
      acts.push("check");
      o.check?.();
    },
    install(next) {
      acts.push(live.current === next ? "install" : "install too early");
    },
    retire: (targets) => void acts.push(`retire ${namesOf(targets)}`),
  });
  const outcomes = (name: string): string | undefined =>
    new RegExp(`^loadline_config_reloads_total\\{outcome="${name}"\\} (\\d+)$`, "m").exec(
      metrics.render(),
    )?.[1];
  return {
    reloader,
    live,
    first,
    acts,
    outcomes,
    logged() {
      logger.flush();
      return logged;
    },
  };
}

describe("a configuration that is gone over to", () => {
  it("is checked, then in force, and only then its targets of before are let go", async () => {
    const t = setup();
    const report = await t.reloader.apply(configOf({ a: 2, c: 1 }));
    expect(t.acts).toEqual(["check", "files", "install", "retire a,b"]);
    expect(report).toEqual({
      outcome: "applied",
      digest: t.live.current.digest,
      changed: ["targets.a", "targets.b", "targets.c", "routes.r"],
    });
    expect([t.reloader.isStale, t.outcomes("applied")]).toEqual([false, "1"]);
    expect(t.logged()).toContain("config.applied");
  });

  it("keeps every target whose own settings are as before", async () => {
    const t = setup();
    await t.reloader.apply(configOf({ a: 1, b: 2 }));
    expect(t.live.current.targets.get("a")).toBe(t.first.targets.get("a"));
    expect(t.acts.at(-1)).toBe("retire b");
  });

  it("that is the one in force changes nothing but files that are others", async () => {
    const t = setup();
    const same = configOf({ a: 1, b: 1 });
    expect(await t.reloader.apply(same)).toMatchObject({ outcome: "unchanged", changed: [] });
    expect([t.acts, t.live.current]).toEqual([["files"], t.first]);
    const other = setup({ areFilesChanged: true });
    const report = await other.reloader.apply(same);
    expect(report).toMatchObject({ outcome: "applied", changed: ["tls.files"] });
    expect(other.acts).toEqual(["check", "files", "install", "retire "]);
  });
});

describe("a configuration that is refused", () => {
  it("by its check leaves everything as it is, files too, and says so until one is good", async () => {
    let isBad = true;
    const t = setup({
      check() {
        if (isBad) throw gatewayErrors.make("LL_CONFIG_INVALID", "a limit of nothing.");
      },
    });
    const report = await t.reloader.apply(configOf({ a: 2, b: 1 }));
    expect(report).toEqual({
      outcome: "invalid",
      digest: t.first.digest,
      changed: [],
      problem: "LL_CONFIG_INVALID a limit of nothing.",
    });
    expect([t.acts, t.live.current, t.reloader.isStale]).toEqual([["check"], t.first, true]);
    expect(t.logged()).toContain("LL_CONFIG_INVALID");
    expect(t.outcomes("invalid")).toBe("1");
    isBad = false;
    await t.reloader.apply(configOf({ a: 1, b: 1 }));
    expect(t.reloader.isStale).toBe(false);
  });

  it("after targets were opened for it lets those go again, and no others", async () => {
    const t = setup({ namesMax: 2 });
    const report = await t.reloader.apply(configOf({ a: 1, b: 2, c: 1 }));
    expect(report).toMatchObject({ outcome: "restart_needed", digest: t.first.digest });
    expect([t.acts, t.live.current]).toEqual([["check", "retire b,c"], t.first]);
    expect(t.outcomes("restart_needed")).toBe("1");
  });

  it("because it needs a restart was not even checked", async () => {
    const t = setup();
    const report = await t.reloader.apply(configOf({ a: 1, b: 1 }, { env: "other" }));
    expect(report.outcome).toBe("restart_needed");
    expect(report.problem).toContain("env: cannot change while the gateway runs");
    expect([t.acts, t.reloader.isStale]).toEqual([[], true]);
  });
});

describe("what a configuration needs on this machine", () => {
  it("is kept once the configuration is in force", async () => {
    const t = setup({ look: () => Promise.resolve() });
    await t.reloader.apply(configOf({ a: 2, c: 1 }));
    expect(t.acts).toEqual(["check", "files", "install", "retire a,b", "keep a,c"]);
  });

  it("is given up where the configuration is refused after all", async () => {
    const t = setup({ look: () => Promise.resolve() });
    await t.reloader.apply(configOf({ a: 2, c: 1 }, { env: "other" }));
    expect([t.acts, t.reloader.isStale]).toEqual([["undo a,c"], true]);
  });

  it("is named where it is not there, and nothing is given up that was not found", async () => {
    const t = setup({ look: () => Promise.reject(new Error("no such file")) });
    const { problem } = await t.reloader.apply(configOf({ a: 2, c: 1 }));
    expect([t.acts, problem]).toEqual([[], "LL_INTERNAL_UNEXPECTED no such file"]);
  });
});

describe("reloads that are asked for while one is under way", () => {
  it("take their turns, whoever is quicker to look at: the last one asked for is in force", async () => {
    const gates = new Map<string, PromiseWithResolvers<void>>();
    const t = setup({
      look(names) {
        const gate = Promise.withResolvers<void>();
        gates.set(names, gate);
        return gate.promise;
      },
    });
    const first = t.reloader.apply(configOf({ a: 2 }));
    const second = t.reloader.apply(configOf({ b: 2 }));
    const third = t.reloader.read(() => configOf({ c: 2 }));
    for (const names of ["a", "b", "c"]) {
      for (let i = 0; i < 20; i++) await Promise.resolve();
      expect([...gates.keys()].at(-1)).toBe(names);
      gates.get(names)?.resolve();
    }
    const digests = (await Promise.all([first, second, third])).map(({ digest }) => digest);
    expect(digests.at(-1)).toBe(t.live.current.digest);
    expect([...t.live.current.targets.keys()]).toEqual(["c"]);
    expect(t.acts.filter((act) => act.startsWith("keep"))).toEqual(["keep a", "keep b", "keep c"]);
  });
});

describe("a configuration that was prepared", () => {
  it("is not in force before it is gone over to, and given up leaves nothing open", () => {
    const t = setup();
    const prepared = t.reloader.prepare(configOf({ a: 2, b: 1 }));
    expect([t.acts, t.live.current]).toEqual([["check"], t.first]);
    prepared.abort();
    expect([t.acts, t.live.current]).toEqual([["check", "retire a"], t.first]);
    const same = t.reloader.prepare(configOf({ a: 1, b: 1 }));
    same.abort();
    expect(t.acts).toEqual(["check", "retire a"]);
  });
});

describe("what parts read at each call", () => {
  it("is what is in force then", async () => {
    const t = setup();
    const auditLog = liveAuditLog(t.live);
    expect([auditLog.requests, auditLog.sync]).toEqual(["denied", false]);
    await t.reloader.apply(configOf({ a: 1, b: 1 }, { auditLog: { requests: "all", sync: true } }));
    expect([auditLog.requests, auditLog.sync]).toEqual(["all", true]);
  });
});
