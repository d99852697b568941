import { rmSync } from "node:fs";
import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import { sampleIn } from "../../test/answers.ts";
import { TlsFolder } from "../../test/tls.ts";
import { configSchema } from "../config/schema.ts";
import { readMaterial } from "./material.ts";
import { Tls } from "./tls.ts";

const dayMs = 86_400_000;

/** Certificates of a folder as a gateway holds them, at a time that goes on only when told. */
class World {
  readonly clock = new TestClock(Date.now());
  readonly metrics = createMetrics();
  readonly stop = new AbortController();
  readonly tls: Tls;
  readonly #logger;
  #text = "";

  constructor(folder: TlsFolder, more: Record<string, unknown> = {}) {
    const { tls } = configSchema.parse({ tls: folder.section(more) });
    if (!tls) throw new Error("no section");
    const { clock, metrics } = this;
    // Its own timer would count among those of the certificates.
    const clockOfLog = new TestClock();
    const write = (text: string): void => void (this.#text += text);
    const logger = createLogger({ clock: clockOfLog, write });
    this.#logger = logger;
    const material = readMaterial(tls, clock.wallMs());
    const deps = { clock, logger, metrics, signal: this.stop.signal };
    this.tls = new Tls(tls, material, deps);
  }

  /** Two looks: the first sees a change, the second that it is over. */
  async looks(): Promise<void> {
    await this.tls.look();
    await this.tls.look();
  }

  get text(): string {
    this.#logger.flush();
    return this.#text;
  }

  get events(): string[] {
    return [...this.text.matchAll(/"event":"([^"]+)"/g)].map((match) => match[1] ?? "");
  }

  sample(series: string): number {
    return sampleIn(this.metrics.render(), series);
  }

  get reloads(): number[] {
    return ["applied", "refused"].map((outcome) =>
      this.sample(`loadline_tls_reloads_total{outcome="${outcome}"}`),
    );
  }
}

describe("certificates in force", () => {
  it("are those of the files once they changed and no further change follows", async () => {
    using folder = new TlsFolder();
    const world = new World(folder);
    await world.looks();
    expect(world.reloads).toEqual([0, 0]);
    const { thumbprint } = folder.renew();
    await world.tls.look();
    expect(world.reloads).toEqual([0, 0]);
    await world.tls.look();
    expect(world.reloads).toEqual([1, 0]);
    expect(world.text).toContain(thumbprint);
    await world.looks();
    expect(world.events).toEqual(["tls", "tls.applied"]);
  });

  it("are looked at every second, until the gateway closes", async () => {
    using folder = new TlsFolder();
    const world = new World(folder);
    for (let i = 0; i < 3; i++) {
      expect(world.clock.pending).toBe(1);
      world.clock.advance(1000);
      await expect.poll(() => world.clock.pending).toBe(1);
    }
    world.stop.abort();
    world.clock.advance(1000);
    await world.tls.look();
    expect(world.clock.pending).toBe(0);
  });

  it("stay over a bad file, which is told once, degrades health and is forgotten with a good one", async () => {
    using folder = new TlsFolder();
    const world = new World(folder);
    const { cert } = folder.own;
    expect(world.tls.health().tls).toMatchObject({ required: false, state: "ok" });
    folder.write("tls.crt", "no certificate");
    await world.looks();
    folder.write("tls.crt", "no certificate");
    await world.looks();
    const told = { state: "degraded", code: "LL_TLS_CERTIFICATE" };
    expect(world.tls.health().tls).toMatchObject(told);
    expect(world.events).toEqual(["tls", "tls.refused"]);
    expect(world.text).toContain(folder.own.thumbprint);
    rmSync(folder.path("tls.key"));
    await world.looks();
    expect(world.tls.health().tls).toMatchObject({ state: "degraded", code: "LL_TLS_FILE" });
    expect(world.reloads).toEqual([0, 2]);
    folder.put({ cert, key: folder.own.key });
    await world.looks();
    expect(world.tls.health().tls).toMatchObject({ state: "ok" });
    expect(world.reloads).toEqual([0, 2]);
  });

  it("that end within 7 days degrade health, within 30 they are told; the metric has the time", () => {
    using folder = new TlsFolder();
    const untilMs = Math.floor(Date.now() / 1000) * 1000 + 20 * dayMs;
    folder.put(folder.servers.issue({ purpose: "server", untilMs }));
    const world = new World(folder);
    expect(world.events).toEqual(["tls", "tls.ends"]);
    const series = "loadline_tls_certificate_not_after_seconds";
    expect(world.sample(series)).toBe(untilMs / 1000);
    expect(world.tls.health().tls.state).toBe("ok");
    world.clock.advance(14 * dayMs);
    const notAfter = new Date(untilMs).toISOString();
    expect(world.tls.health()).toEqual({
      tls: { required: false, state: "degraded", notAfter, code: "LL_TLS_VALIDITY" },
    });
  });
});

describe("a reload of the configuration", () => {
  it("reads the files too, takes nothing before it is told to, and refuses bad ones", async () => {
    using folder = new TlsFolder();
    const world = new World(folder);
    const { tls } = configSchema.parse({ tls: folder.section({ minVersion: "1.3" }) });
    if (!tls) throw new Error("no section");
    expect(world.tls.prepare(tls).isChanged).toBe(false);
    folder.renew();
    const prepared = world.tls.prepare(tls);
    expect([prepared.isChanged, world.reloads]).toEqual([true, [0, 0]]);
    prepared.install();
    expect(world.reloads).toEqual([1, 0]);
    folder.write("tls.key", "no key");
    expect(() => world.tls.prepare(tls)).toThrow("tls.files.key: it is no PEM private key.");
    expect(world.reloads).toEqual([1, 0]);
  });
});
