import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import { TlsFolder } from "../../test/tls.ts";
import { configSchema, type GatewayConfig } from "../config/schema.ts";
import { openTls, readTls } from "./wire.ts";

const nowMs = Date.now();
const clock = new TestClock(nowMs);
const configOf = (folder: TlsFolder): GatewayConfig =>
  configSchema.parse({ tls: folder.section() });

function open(config: GatewayConfig, material: ReturnType<typeof readTls>) {
  const logger = createLogger({ clock, write: () => undefined, level: "silent" });
  const metrics = createMetrics();
  const { signal } = new AbortController();
  return { metrics, tls: openTls(config, material, { clock, logger, metrics, signal }) };
}

describe("readTls", () => {
  it("reads nothing without a section, and nothing is served encrypted then", () => {
    const config = configSchema.parse({});
    expect(readTls(config, clock)).toBeUndefined();
    const { tls, metrics } = open(config, undefined);
    expect([tls.front, tls.files(), tls.health()]).toEqual([undefined, undefined, {}]);
    expect(tls.prepare(config)).toBeUndefined();
    expect(metrics.render()).not.toContain("loadline_tls");
  });

  it("good files come before what others serve with; bad ones are refused or stood in for", () => {
    using folder = new TlsFolder();
    const config = configOf(folder);
    const before = readTls(config, clock);
    const { tls } = open(config, before);
    const { thumbprint } = folder.renew();
    expect(readTls(config, clock, tls.files())?.thumbprint).toBe(thumbprint);
    folder.write("tls.key", "no key");
    expect(() => readTls(config, clock)).toThrow("tls.files.key: it is no PEM private key.");
    expect(readTls(config, clock, tls.files())?.thumbprint).toBe(before?.thumbprint);
  });

  it("a process that begins late serves what the others do, even past its end", () => {
    using folder = new TlsFolder();
    const untilMs = Math.floor(nowMs / 1000) * 1000 - 1000;
    const ended = folder.servers.issue({ purpose: "server", untilMs });
    folder.put(ended);
    const config = configOf(folder);
    const kept = { cert: ended.cert, key: ended.key, ca: undefined, crl: undefined, further: [] };
    expect(() => readTls(config, clock)).toThrow("is valid to");
    expect(readTls(config, clock, kept)?.thumbprint).toBe(ended.thumbprint);
  });
});
