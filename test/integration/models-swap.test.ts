import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { operator } from "../../packages/gateway/src/index.ts";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { runCli } from "./cli-process.ts";
import { type Answered, Serving } from "./workers/serving.ts";

const clock = systemClock();
const tiny = join(repositoryRoot, "packages/gateway/models/tiny/loadline-tiny.gguf");
const testMs = 240_000;
const waitMs = 60_000;
const callers = 4;

/** A gateway that waits for a busy machine, over the shipped model, with the same file and a cut one to swap to. */
class World implements AsyncDisposable {
  readonly serving = new Serving();
  #platform = "";

  async start(workers: number, more = ""): Promise<this> {
    const cut = join(this.serving.dir, "cut.gguf");
    writeFileSync(cut, readFileSync(tiny).subarray(0, 300_000));
    const yaml = `targets: {local: {provider: llama, model: tiny, path: ${tiny}}}
routes: {tiny: {models: [tiny], groups: [{targets: [local]}]}}
models: {registered: {next: {path: ${tiny}}, cut: {path: ${cut}}}}
timeouts: {connect: 60s}
${more}
`;
    await this.serving.start(yaml, workers);
    const key = { name: "platform", roles: ["admin"], tenantId: "*" };
    this.#platform = (await this.serving.keys.create(operator(), key)).secret;
    const isReady = async (): Promise<boolean> =>
      (await this.serving.ask("/readyz")).status === 200;
    await eventually(clock, isReady, waitMs);
    return this;
  }

  admin(path: string, body?: unknown): Promise<Answered> {
    return this.serving.ask(`/admin/v1${path}`, { key: this.#platform, body });
  }

  /** `loadline models` as an operator types it. */
  cli(...words: readonly string[]) {
    const env = { LOADLINE_API_KEY: this.#platform };
    return runCli(this.serving.dir, ["models", ...words, "--url", this.serving.url], { env });
  }

  async files(): Promise<string[]> {
    const { text } = await this.admin("/models");
    const [{ files }] = JSON.parse(text).data;
    return files.map((one: { name: string; role: string }) => `${one.name} ${one.role}`);
  }

  /** Calls without a pause until `stop`, which gives what was answered. */
  load(): { answers: Answered[]; stop(): Promise<readonly Answered[]> } {
    const answers: Answered[] = [];
    let isOver = false;
    const call = async (): Promise<void> => {
      while (!isOver) answers.push(await this.serving.chat("tiny"));
    };
    const all = Array.from({ length: callers }, call);
    const stop = async (): Promise<readonly Answered[]> => {
      isOver = true;
      await Promise.all(all);
      return answers;
    };
    return { answers, stop };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.serving[Symbol.asyncDispose]();
  }
}

describe.each([1, 2])("a model of %i process(es)", (workers) => {
  it(
    "is swapped and rolled back under load without losing a call, on record",
    async () => {
      await using world = await new World().start(workers);
      const { answers, stop } = world.load();
      const more = async (): Promise<void> => {
        const atLeast = answers.length + 3 * callers;
        await eventually(clock, () => answers.length >= atLeast, waitMs);
      };
      await more();
      const swapped = await world.admin("/models/local/swap", { to: "next" });
      expect([swapped.status, swapped.text]).toEqual([200, expect.any(String)]);
      const { checks } = JSON.parse(swapped.text);
      expect(checks.map((one: { outcome: string }) => one.outcome)).toEqual(
        Array(5).fill("passed"),
      );
      expect(await world.files()).toEqual([
        "next serving",
        "configured rollback",
        "cut registered",
      ]);
      await more();
      expect((await world.admin("/models/local/rollback", {})).status).toBe(200);
      await more();
      expect((await world.files())[0]).toBe("configured serving");
      const isAlone = (): boolean => world.serving.modelHosts().length === 1;
      await eventually(clock, isAlone, waitMs);
      await more();
      const all = await stop();
      expect(all.filter(({ status, isBroken }) => status !== 200 || isBroken)).toEqual([]);
      const { text } = await world.admin("/audit?tenantId=*&limit=1000");
      expect(text).toContain('"action":"model.swapped"');
      expect(text).toContain('"action":"model.rolled_back"');
      const metrics = (await world.serving.ask("/metrics")).text;
      expect(metrics).toContain('loadline_model_swaps_total{outcome="switched"} 1\n');
      expect(metrics).toContain('loadline_model_swaps_total{outcome="rolled_back"} 1\n');
    },
    testMs,
  );

  it(
    "serves what it was swapped to after a reload of timeouts and after a restart, until told otherwise",
    async () => {
      await using world = await new World().start(workers);
      const { serving } = world;
      expect((await world.admin("/models/local/swap", { to: "next" })).status).toBe(200);
      serving.change("timeouts: {connect: 60s}", "timeouts: {connect: 59s}");
      await eventually(clock, () => serving.err.includes("reload applied: "), waitMs);
      expect((await world.files())[0]).toBe("next serving");
      expect((await serving.chat("tiny")).status).toBe(200);
      serving.send("SIGTERM");
      expect(await serving.ended()).toBe(0);
      await serving.restart(workers);
      const isReady = async (): Promise<boolean> => (await serving.ask("/readyz")).status === 200;
      await eventually(clock, isReady, waitMs);
      expect(await world.files()).toEqual([
        "next serving",
        "configured registered",
        "cut registered",
      ]);
      expect((await serving.chat("tiny")).status).toBe(200);
      const back = await world.cli("swap", "local", "configured");
      expect([back.code, back.err]).toEqual([0, ""]);
      expect((await world.files())[0]).toBe("configured serving");
    },
    testMs,
  );

  it(
    "is served from the file that a reload registers under the name, once its target is opened anew",
    async () => {
      await using world = await new World().start(workers);
      const { serving } = world;
      const copy = join(serving.dir, "copy.gguf");
      copyFileSync(tiny, copy);
      const sha256 = createHash("sha256").update(readFileSync(copy)).digest("hex");
      expect((await world.admin("/models/local/swap", { to: "next" })).status).toBe(200);
      const reloads = (): number => serving.err.split("reload applied: ").length - 1;
      serving.change(`next: {path: ${tiny}}`, `next: {path: ${copy}, sha256: ${sha256}}`);
      await eventually(clock, () => reloads() === 1, waitMs);
      serving.change("model: tiny,", "model: tiny, queueMax: 31,");
      await eventually(clock, () => reloads() === 2, waitMs);
      let served: readonly unknown[] = [];
      // The one before is listed until its last call has ended.
      const isAlone = async (): Promise<boolean> => {
        served = JSON.parse((await world.admin("/models")).text).data;
        return served.length === 1;
      };
      await eventually(clock, isAlone, waitMs);
      const file = expect.objectContaining({ name: "next", path: copy, role: "serving" });
      expect(served).toEqual([expect.objectContaining({ files: expect.arrayContaining([file]) })]);
      const isServed = async (): Promise<boolean> => (await serving.chat("tiny")).status === 200;
      await eventually(clock, isServed, waitMs);
    },
    testMs,
  );

  it(
    "stays as it is when the new file is damaged, and the answer lists five results",
    async () => {
      await using world = await new World().start(workers);
      const { answers, stop } = world.load();
      const refused = await world.admin("/models/local/swap", { to: "cut" });
      expect(refused.status).toBe(409);
      const { code, detail } = JSON.parse(refused.text);
      expect(code).toBe("LL_MODEL_DAMAGED");
      for (const id of ["file failed", "memory", "template", "prompts", "latency"])
        expect(detail).toContain(id);
      await eventually(clock, () => answers.length >= callers, waitMs);
      const all = await stop();
      expect(all.filter(({ status }) => status !== 200)).toEqual([]);
      expect(await world.files()).toEqual([
        "configured serving",
        "cut past",
        "next registered",
        "cut registered",
      ]);
      expect((await world.admin("/models/local/swap", { to: "none" })).status).toBe(400);
      expect((await world.admin("/models/none/swap", { to: "next" })).status).toBe(404);
      expect((await world.admin("/models/local/rollback", {})).status).toBe(409);
      const damaged = await world.cli("swap", "local", "cut");
      expect([damaged.code, damaged.out]).toEqual([78, ""]);
      expect(damaged.err).toMatch(/^LL_MODEL_DAMAGED cut was not taken: file failed/);
      const listed = await world.cli("list");
      expect([listed.code, listed.err]).toEqual([0, ""]);
      expect(listed.out).toMatch(/^ {2}serving +ready +configured/m);
      expect(listed.out.match(/^ {2}check /gm)).toHaveLength(5);
    },
    testMs,
  );

  it(
    "goes back to the file before when its breaker trips soon after a swap, on record",
    async () => {
      const trip = "{minVolume: 1, minFailures: 1, rate: 0.01, openFor: 100ms, openForMax: 200ms}";
      await using world = await new World().start(workers, `breaker: ${trip}`);
      const before = new Set(world.serving.modelHosts());
      const swapped = await world.admin("/models/local/swap", { to: "next" });
      expect([swapped.status, swapped.text]).toEqual([200, expect.any(String)]);
      const { answers, stop } = world.load();
      let goodBefore = 0;
      const isBack = async (): Promise<boolean> => {
        const good = answers.filter(({ status }) => status === 200).length;
        // Killed while it serves: of one that is killed before it serves no call fails.
        const hosts = good > goodBefore ? world.serving.modelHosts() : [];
        for (const pid of hosts) if (!before.has(pid)) process.kill(pid, "SIGKILL");
        goodBefore = good;
        return (await world.files())[0] === "configured serving";
      };
      await eventually(clock, isBack, waitMs);
      await stop();
      expect(world.serving.modelHosts().filter((pid) => before.has(pid))).toHaveLength(1);
      const isServed = async (): Promise<boolean> =>
        (await world.serving.chat("tiny")).status === 200;
      await eventually(clock, isServed, waitMs);
      const { text } = await world.admin("/audit?tenantId=*&limit=1000");
      expect(text).toMatch(/"action":"model.rolled_back".*"cause":"breaker"/);
      const metrics = (await world.serving.ask("/metrics")).text;
      expect(metrics).toContain('loadline_model_swaps_total{outcome="tripped"} 1\n');
    },
    testMs,
  );
});

it(
  "a worker that was beginning when a host became ready serves from it",
  async () => {
    await using world = new World();
    const started = world.start(2);
    started.catch(() => undefined);
    await eventually(clock, () => world.serving.modelHosts().length > 0, waitMs);
    const [worker = 0] = world.serving.workers();
    process.kill(worker, "SIGSTOP");
    await eventually(clock, () => world.serving.err.includes("model host ready"), waitMs);
    process.kill(worker, "SIGCONT");
    await started;
    const areAllReady = async (): Promise<boolean> => {
      const asked = Array.from({ length: 20 }, () => world.serving.ask("/readyz"));
      return (await Promise.all(asked)).every(({ status }) => status === 200);
    };
    await eventually(clock, areAllReady, waitMs);
  },
  testMs,
);
