import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

function folderWith(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "loadline-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

const traceOf = (calls: number, isFailure: (call: number) => boolean): string =>
  Array.from({ length: calls }, (_, i) => {
    const outcome = isFailure(i + 1) ? "server" : "ok";
    return JSON.stringify({ t: i * 100, outcome });
  }).join("\n");

describe("breaker simulate", () => {
  it("a recording in which every call fails opens at call 20, by rate or speed", async () => {
    const cwd = folderWith({ "t.jsonl": traceOf(25, () => true) });
    const host = createTestHost(["breaker", "simulate", "--trace", "t.jsonl", "--json"], { cwd });
    expect(await runCli(host)).toBe(0);
    expect(JSON.parse(host.out())).toMatchObject({
      calls: 25,
      failures: 25,
      refused: 5,
      trips: 1,
      transitions: [{ from: "closed", to: "open", atMs: 1900 }],
    });
  });

  it("says that it never opens, and how often chance would open it", async () => {
    const cwd = folderWith({ "t.jsonl": traceOf(1000, (call) => call % 100 === 0) });
    const host = createTestHost(["breaker", "simulate", "--trace", "t.jsonl"], { cwd });
    expect(await runCli(host)).toBe(0);
    expect(host.out()).toContain("1000 calls in 99.9 s: 10 failed (1.00 %), 0 neutral");
    expect(host.out()).toContain("never opens");
    expect(host.out()).toContain("0.00 by chance");
  });

  it("the rate comes from the configuration", async () => {
    const cwd = folderWith({
      "t.jsonl": traceOf(1000, (call) => call % 7 === 0),
      "c.yaml": "breaker: {rate: 0.2}\n",
    });
    const argv = ["breaker", "simulate", "--trace", "t.jsonl"];
    const strict = createTestHost(argv, { cwd });
    await runCli(strict);
    expect(strict.out()).toMatch(/opens \d+ times/);
    const lenient = createTestHost([...argv, "--config", "c.yaml"], { cwd });
    await runCli(lenient);
    expect(lenient.out()).toContain("never opens");
  });

  it("the log of serve is a recording of the target that is named, by its own settings", async () => {
    const line = (i: number): string => {
      const time = new Date(i * 100).toISOString();
      const outcomes = i % 7 === 0 ? "a=server b=ok" : "a=ok";
      return JSON.stringify({ time, event: "request", exit: "ok", attempts: 1, outcomes });
    };
    const target = "{provider: simulator, breaker: {rate: 0.2}}";
    const cwd = folderWith({
      "serve.log": Array.from({ length: 1000 }, (_, i) => line(i)).join("\n"),
      "c.yaml": `targets: {a: ${target}, b: {provider: simulator}}\n`,
    });
    const argv = ["breaker", "simulate", "--trace", "serve.log"];
    const both = createTestHost(argv, { cwd });
    expect(await runCli(both)).toBe(78);
    expect(both.err()).toContain("several targets: name one of a, b");
    const strict = createTestHost([...argv, "--target", "a"], { cwd });
    expect(await runCli(strict)).toBe(0);
    expect(strict.out()).toMatch(/1000 calls .* 143 failed[^]*opens \d+ times/);
    const own = createTestHost([...argv, "--target", "a", "--config", "c.yaml"], { cwd });
    expect(await runCli(own)).toBe(0);
    expect(own.out()).toContain("never opens");
  });

  it("a missing file and a bad line are named, with exit 78", async () => {
    const cwd = folderWith({ "bad.jsonl": '{"t":1,"outcome":"ok"}\n{"t":2}\n' });
    const missing = createTestHost(["breaker", "simulate", "--trace", "no.jsonl"], { cwd });
    expect(await runCli(missing)).toBe(78);
    expect(missing.err()).toContain("LL_CLI_FILE no.jsonl: cannot be read (ENOENT)");
    const bad = createTestHost(["breaker", "simulate", "--trace", "bad.jsonl"], { cwd });
    expect(await runCli(bad)).toBe(78);
    expect(bad.err()).toContain("Line 2: unknown outcome");
  });
});

describe("config check", () => {
  const check = async (more: string): Promise<string> => {
    const text = `targets: {a: {provider: simulator${more}}}\nroutes: {r: {models: [m], groups: [{targets: [a]}]}}\n`;
    const host = createTestHost(["config", "check", "--config", "c.yaml"], {
      cwd: folderWith({ "c.yaml": text }),
    });
    expect(await runCli(host)).toBe(0);
    return host.out();
  };

  it("warns of a route with one target whose breaker opens below 50 % failures", async () => {
    expect(await check("")).toContain("warning: routes.r has one target, a,");
    expect(await check(", breaker: {rate: 0.5}")).not.toContain("warning");
  });
});
