import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type ConfigRow, configRows } from "./rows.ts";
import { loadConfig } from "./load.ts";

const dir = mkdtempSync(join(tmpdir(), "ll-config-rows-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const path = join(dir, "loadline.yaml");
const env = { LOADLINE_LISTEN_PORT: "8102", LOADLINE_LOG_LEVEL: "", KEY: "hush-hush" };

const text = [
  "listen:",
  "  port: 8101",
  "  host: 127.0.0.2",
  "drain: { grace: 7s }",
  "targets:",
  "  a:",
  "    provider: openai-compatible",
  "    baseUrl: http://127.0.0.1:1/v1",
  "    model: m",
  '    keys: ["${env:KEY}"]',
].join("\n");

function rows(overrides: Record<string, unknown> = {}): Map<string, ConfigRow> {
  writeFileSync(path, text);
  const config = loadConfig(path, env, overrides);
  return new Map(configRows(config, { path, env, overrides }).map((row) => [row.key, row]));
}

describe("values in force with their sources", () => {
  it("each value names the highest layer that sets it, a file its line", () => {
    const found = rows({ workers: 2 });
    const sources = (keys: readonly string[]): (string | undefined)[] =>
      keys.map((key) => found.get(key)?.source);
    expect(
      sources([
        "listen.port",
        "listen.host",
        "drain.grace",
        "drain.accept",
        "workers",
        "log.level",
      ]),
    ).toEqual(["LOADLINE_LISTEN_PORT", "file:3", "file:4", "default", "override", "default"]);
    expect(found.get("listen.port")?.value).toBe(8102);
    expect(found.get("drain.grace")?.value).toBe(7000);
  });

  it("what a provider adds to a target of the file is a default", () => {
    const found = rows();
    expect(found.get("targets.a.baseUrl")?.source).toBe("file:8");
    expect(found.get("targets.a.connectionsMax")).toMatchObject({ value: 256, source: "default" });
  });

  it("a target that names no transport has the one of all, from where that is set", () => {
    const source = (more: Record<string, unknown> = {}): string | undefined =>
      rows(more).get("targets.a.transport")?.source;
    expect(source()).toBe("default");
    expect(source({ transport: "undici" })).toBe("override");
    const inFile = (end: string): ConfigRow[] => {
      writeFileSync(path, `transport: undici\n${text}\n${end}`);
      const found = configRows(loadConfig(path, env), { path, env, overrides: {} });
      return found.filter(({ key }) => key.endsWith("transport"));
    };
    const ofAll = { key: "transport", value: "undici", source: "file:1" };
    const key = "targets.a.transport";
    expect(inFile("")).toEqual([ofAll, { key, value: "undici", source: "file:1" }]);
    const own = { key, value: "http1", source: "file:12" };
    expect(inFile("    transport: http1\n")).toEqual([ofAll, own]);
  });

  it("a secret is its reference's place, never its value", () => {
    const all = [...rows().values()];
    expect(JSON.stringify(all)).not.toContain("hush");
    expect(all.find(({ key }) => key === "targets.a.keys")).toMatchObject({ source: "file:10" });
  });

  it("every value of the configuration stands in exactly one row", () => {
    const config: unknown = JSON.parse(JSON.stringify(loadConfig(path, env)));
    const built: Record<string, unknown> = {};
    for (const { key, value } of configRows(loadConfig(path, env), { path, env, overrides: {} })) {
      const parts = key.split(".");
      const last = parts.pop() ?? "";
      let at = built;
      for (const part of parts) at = (at[part] ??= {}) as Record<string, unknown>;
      expect(Object.hasOwn(at, last)).toBe(false);
      at[last] = value;
    }
    expect(JSON.parse(JSON.stringify(built))).toEqual(config);
  });
});
