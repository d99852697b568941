import type { ChildProcess } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { removeFolder } from "../../packages/testkit/src/remove-folder.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endChild, eventually, freePort, spawnHeld } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["jaeger"], { rows: ["R4-07"] });

interface Ports {
  readonly query: number;
  readonly grpc: number;
  readonly otlp: number;
}

const config = ({ query, grpc, otlp }: Ports): string => `service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: { receivers: [otlp], processors: [batch], exporters: [jaeger_storage_exporter] }
  telemetry: { metrics: { level: none } }
extensions:
  jaeger_query:
    storage: { traces: mem }
    http: { endpoint: "127.0.0.1:${query}" }
    grpc: { endpoint: "127.0.0.1:${grpc}" }
  jaeger_storage: { backends: { mem: { memory: { max_traces: 1000 } } } }
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${otlp}" } } } }
processors: { batch: { timeout: 200ms } }
exporters: { jaeger_storage_exporter: { trace_storage: mem } }
`;

describe.skipIf(parts.missing)("the checks of a real Jaeger", () => {
  const dir = mkdtempSync(join(tmpdir(), "loadline-jaeger-"));
  let child: ChildProcess;
  let ports: Ports;

  beforeAll(async () => {
    ports = { query: await freePort(), grpc: await freePort(), otlp: await freePort() };
    const file = join(dir, "jaeger.yaml");
    writeFileSync(file, config(ports));
    child = spawnHeld(parts.found("jaeger").path, ["--config", file], { stdio: "ignore" });
    const isUp = () =>
      fetch(`http://127.0.0.1:${ports.query}/api/services`).then(
        (response) => response.ok,
        () => false,
      );
    await eventually(systemClock(), isUp, 60_000);
  }, 90_000);
  afterAll(async () => {
    await endChild(child);
    removeFolder(dir);
  }, 30_000);

  const check = (otlp: number): Promise<Record<string, string>> => {
    const at = { url: `http://127.0.0.1:${ports.query}`, otlp: `http://127.0.0.1:${otlp}` };
    return claimsOf({ kind: "jaeger", ...at }, { timeoutMs: 20_000 });
  };

  it("a trace sent over OTLP is found by its id [R4-07]", async () => {
    const said = await check(ports.otlp);
    expect(said["answers"]).toMatch(/^passed/);
    expect(said["found"]).toMatch(/^passed: Both spans were found/);
  }, 60_000);

  it("where nobody takes traces the answering query API is no pass", async () => {
    const said = await check(await freePort());
    expect(said["answers"]).toMatch(/^passed/);
    expect(said["found"]).toMatch(/^failed false/);
  }, 60_000);
});
