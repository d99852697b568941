import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { runGateway, runUpstream, temporaryDir, type Upstream } from "../../../test/harness.ts";
import { Secret } from "../../config/values.ts";
import { loadConfig } from "../../index.ts";
import { errorEnvelope, readDsn } from "./event.ts";

const clock = systemClock();
const chat = { model: "sim", messages: [{ role: "user", content: "a prompt nobody may see" }] };
const facts = { id: "0".repeat(32), wallMs: 1000, service: "s", version: "1", environment: "e" };

const taking = (status = 200): Promise<Upstream> =>
  runUpstream((response) => {
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
  });

/** A gateway whose `route` stage fails as nobody foresaw, with its errors sent to `dsn`. */
function failing(dsn: string) {
  const settings = {
    telemetry: { overloadAfter: 0, errors: { dsn: new Secret(dsn, "${env:D}") } },
    // Its call would meet the fault, too, and be one of those that are counted.
    selfProbe: { enabled: false },
  };
  return runGateway(settings, temporaryDir(), {
    stages: (table) =>
      table.map((stage) =>
        stage.id === "route"
          ? {
              ...stage,
              run: () => {
                throw new Error("it broke");
              },
            }
          : stage,
      ),
  });
}

/** Nobody listens there. */
const deadDsn = "http://publickey@127.0.0.1:9/7";
const dsnOf = (sink: Upstream): string =>
  sink.baseUrl.replace("http://", "http://publickey@").replace("/v1", "/7");

describe("errors of a running gateway", () => {
  it("reach a Sentry-compatible sink as one envelope each, without prompt or key [R1-32]", async () => {
    await using sink = await taking();
    await using g = await failing(dsnOf(sink));
    expect((await g.post("/v1/chat/completions", chat)).status).toBe(500);
    await eventually(clock, () => sink.bodies.length === 1, 10_000);
    const [request] = sink.requests;
    expect([request?.method, request?.url]).toEqual(["POST", "/api/7/envelope/"]);
    expect(request?.headers["content-type"]).toBe("application/x-sentry-envelope");
    expect(request?.headers["x-sentry-auth"]).toMatch(/sentry_version=7.*sentry_key=publickey$/);
    const lines = (sink.bodies[0] ?? "").trim().split("\n");
    const [head, item, event] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(item).toEqual({ type: "event" });
    expect(event).toMatchObject({
      event_id: head?.["event_id"],
      level: "error",
      platform: "node",
      environment: "local",
      message: { formatted: "LL_INTERNAL_UNEXPECTED unexpected" },
      tags: { code: "LL_INTERNAL_UNEXPECTED" },
    });
    expect(String(head?.["event_id"])).toMatch(/^[0-9a-f]{32}$/);
    expect(sink.bodies[0]).toContain("it broke");
    for (const secret of ["nobody may see", g.key]) expect(sink.bodies[0]).not.toContain(secret);
  });

  it("beyond ten a second are counted and not sent", async () => {
    await using g = await failing(deadDsn);
    const startedMs = clock.monotonicMs();
    // The queue holds more than these.
    const calls = Array.from({ length: 100 }, () => g.post("/v1/chat/completions", chat));
    for (const { status } of await Promise.all(calls)) expect(status).toBe(500);
    const seconds = Math.floor((clock.monotonicMs() - startedMs) / 1000) + 1;
    const metrics = await (await g.get("/metrics")).text();
    const lost = Number(/queue_dropped_total\{queue="errors"\} (\d+)/.exec(metrics)?.[1]);
    expect(100 - lost).toBeGreaterThanOrEqual(10);
    expect(100 - lost).toBeLessThanOrEqual(10 * seconds);
  });

  it("with a dead sink delay no answer, and the sink is shown as down", async () => {
    await using g = await failing(deadDsn);
    const fail = async (): Promise<number> => {
      const startedMs = clock.monotonicMs();
      expect((await g.post("/v1/chat/completions", chat)).status).toBe(500);
      return clock.monotonicMs() - startedMs;
    };
    await fail();
    const isDown = async (): Promise<boolean> =>
      (await (await g.get("/metrics")).text()).includes(
        'loadline_dependency_state{dependency="errors"} 2\n',
      );
    await eventually(clock, isDown, 10_000);
    const tookMs: number[] = [];
    for (let i = 0; i < 9; i++) tookMs.push(await fail());
    // One that waited for the next try would take a second and more, each of them.
    expect(tookMs.toSorted((a, b) => a - b)[4]).toBeLessThan(1000);
    const health = await (await g.get("/health")).text();
    expect(health).toContain('"errors":{"required":false,"state":"down"');
    expect((await g.get("/readyz")).status).toBe(200);
  });

  it("go nowhere without a DSN, and one that is none or is written out stops the start", async () => {
    await using g = await runGateway();
    const metrics = await (await g.get("/metrics")).text();
    expect(metrics).toContain('loadline_dependency_state{dependency="errors"} 3\n');
    await expect(failing("not a dsn")).rejects.toThrow("telemetry.errors.dsn: not a DSN.");
    const file = join(mkdtempSync(join(tmpdir(), "ll-dsn-")), "loadline.yaml");
    writeFileSync(file, "telemetry:\n  errors:\n    dsn: https://k@h/1\n");
    expect(() => loadConfig(file, {})).toThrow("telemetry.errors.dsn: a secret is written");
    writeFileSync(file, "telemetry:\n  errors:\n    dsn: ${env:D}\n");
    const config = loadConfig(file, { D: "https://k@h/1" });
    expect(config.telemetry.errors.dsn?.reveal()).toBe("https://k@h/1");
    expect(JSON.stringify(config)).not.toContain("k@h");
  });
});

describe("a DSN", () => {
  it("names address and key; a path before the project is kept", () => {
    expect(readDsn("https://abc@o1.example.test/42")).toEqual({
      url: new URL("https://o1.example.test/api/42/envelope/"),
      publicKey: "abc",
    });
    expect(readDsn("http://abc:old@h:9000/a/b/42/")?.url.href).toBe(
      "http://h:9000/a/b/api/42/envelope/",
    );
  });

  it.each([
    "",
    "x",
    "https://h/1",
    "https://k@h/",
    "https://k@h/name",
    "ftp://k@h/1",
    "https://k-@h/1",
  ])("%j is none", (text) => {
    expect(readDsn(text)).toBeUndefined();
  });
});

describe("an envelope", () => {
  it("stays small: 32 fields of at most 2,048 characters", () => {
    const fields = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`f${i}`, "x".repeat(10_000)]),
    );
    const text = errorEnvelope("event", fields, facts);
    expect(text.length).toBeLessThan(32 * 2100 + 1000);
    expect(text.trim().split("\n")).toHaveLength(3);
  });
});
