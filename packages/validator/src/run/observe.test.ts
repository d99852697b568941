import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { startScriptedServer } from "../../../testkit/src/stall-server/index.ts";
import { readMetrics, restartCount, startObserver } from "./observe.ts";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

const deps = () => ({
  clock: systemClock(),
  run: "run-1",
  signal: new AbortController().signal,
  allowHosts: [],
});

/** What promises alone have to do is done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

const page = `# HELP up x
# TYPE rss_bytes gauge
rss_bytes 1.5e6
requests_total{code="200"} 10
requests_total{code="500"} 2
broken NaN
requests_total_created 9
`;

describe("the target's side", () => {
  it("a bare name adds up its label sets, a name with labels is one, what is no number is absent", () => {
    const wanted = ["rss_bytes", "requests_total", 'requests_total{code="500"}', "broken", "none"];
    // Asked for twice it is no more.
    expect([...readMetrics(page, [...wanted, "requests_total"])]).toEqual([
      ["rss_bytes", 1_500_000],
      ["requests_total", 12],
      ['requests_total{code="500"}', 2],
    ]);
  });

  it("[R1-28] a process of this machine tells its resident memory; one that is gone is a gap", async () => {
    const observer = startObserver([{ process: process.pid }, { process: 4_194_303 }], deps());
    const [own, gone] = await observer.stop();
    expect(own?.series).toBe("rss_bytes");
    expect(own?.first).toBeGreaterThan(1024 * 1024);
    expect([gone?.gaps, gone?.first]).toEqual([1, null]);
  });

  it("[R1-28] a process that tells a later start was started again; what tells none has no count", async () => {
    let asked = 0;
    await using server = await startScriptedServer((n) => {
      asked = n + 1;
      const body = `rss_bytes 7\nprocess_start_time_seconds ${n === 0 ? 100 : 160}\n`;
      return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    });
    const spec = { prometheus: `${server.url}/metrics`, series: ["rss_bytes"] };
    const observer = startObserver([spec, { process: process.pid }], deps());
    await eventually(systemClock(), () => asked >= 3, 10_000);
    const [seen, own] = await observer.stop();
    expect([seen?.restarts, own?.restarts]).toEqual([1, undefined]);
  });

  it("metrics of the loaded target are asked with its key, those of another origin never [R1-28]", async () => {
    const keys: string[] = [];
    const answer = (who: string) => (_number: number, _socket: unknown, request: string) => {
      keys.push(`${who} ${/^authorization: (.*)$/im.exec(request)?.[1]?.trim() ?? "none"}`);
      return "HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n";
    };
    await using own = await startScriptedServer(answer("own"));
    await using other = await startScriptedServer(answer("other"));
    const specs = [own, other].map(({ url }) => ({ prometheus: `${url}/metrics`, series: ["up"] }));
    const target = { baseUrl: `${own.url}/v1`, apiKey: "of-the-target" };
    const observer = startObserver(specs, { ...deps(), target });
    await eventually(systemClock(), () => keys.length >= 2, 10_000);
    const seen = await observer.stop();
    expect(new Set(keys)).toEqual(new Set(["other none", "own Bearer of-the-target"]));
    // Who reads that nothing was told has to know why.
    expect(seen.map(({ gap }) => gap)).toEqual(Array(2).fill("GET /metrics answered 401"));
  });

  it("a series that the metrics do not hold is named", async () => {
    const body = "rss_bytes 7\n";
    await using server = await startScriptedServer(
      () => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const spec = { prometheus: `${server.url}/metrics`, series: ["heap_bytes"] };
    const [seen] = await startObserver([spec], deps()).stop();
    expect([seen?.first, seen?.gap]).toEqual([null, "GET /metrics tells no heap_bytes"]);
  });

  it.each([
    ["the same start", [100, 100, 100], 0],
    ["a start that each answer reckons anew", [100, 100.4, 99.9, 100.2], 0],
    ["two further starts", [100, 160, 160, 220], 2],
    ["starts that follow each other sooner than answers differ", [100, 101.5, 103, 104.5], 1],
    ["two processes behind one address", [160, 100, 100, 160], 2],
    ["answers without a start", [undefined, 100, undefined, 100], 0],
  ])("%s: %j is counted as %i restarts", (_, told, count) => {
    const starts = restartCount();
    for (const startS of told) starts.saw(startS);
    expect(starts.count()).toBe(count);
  });

  it("a long run is sampled less often, and to its end", async () => {
    const clock = new TestClock();
    const observer = startObserver([{ process: process.pid }], {
      ...deps(),
      clock,
      plannedMs: 8 * 3_600_000,
    });
    for (let at = 0; at < 8 * 3_600_000; at += 8_400) {
      await settled();
      clock.advance(8_400);
    }
    await settled();
    const [own] = await observer.stop();
    const last = own?.samples.at(-1)?.[0] ?? 0;
    expect(last).toBeGreaterThan(8 * 3_600_000 - 20_000);
    expect(own?.samples.length).toBeLessThanOrEqual(3_600);
  });

  it("is sampled at once and each second; a missing sample is a gap, never 0", async () => {
    let asked = 0;
    await using server = await startScriptedServer((n) => {
      asked = n + 1;
      const body = n === 0 ? "rss_bytes 100\n" : "";
      const status = n === 0 ? "200 OK" : "503 X";
      return `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    });
    const observer = startObserver(
      [{ prometheus: `${server.url}/metrics`, series: ["rss_bytes"] }],
      deps(),
    );
    await eventually(systemClock(), () => asked >= 2, 20_000);
    const [series] = await observer.stop();
    expect(series).toMatchObject({ series: "rss_bytes", first: 100, peak: 100, last: 100 });
    expect(series?.gaps).toBeGreaterThanOrEqual(1);
    expect(series?.samples[0]?.[1]).toBe(100);
    expect(series?.samples[1]?.[1]).toBeNull();
  });

  it("a control group gives memory and processor time, a folder that is not there gives gaps", async () => {
    const folder = mkdtempSync(join(tmpdir(), "loadline-cgroup-"));
    roots.push(folder);
    writeFileSync(join(folder, "memory.current"), "4096\n");
    writeFileSync(join(folder, "cpu.stat"), "usage_usec 2500000\nuser_usec 1\n");
    const observer = startObserver([{ cgroup: folder }, { cgroup: join(folder, "gone") }], deps());
    const all = await observer.stop();
    expect(all.map(({ series, peak, gaps }) => [series, peak, gaps])).toEqual([
      ["memory_bytes", 4_096, 0],
      ["cpu_seconds", 2.5, 0],
      ["memory_bytes", null, 1],
      ["cpu_seconds", null, 1],
    ]);
  });

  it("a host that is not allowed is not asked", () => {
    const spec = { prometheus: "http://metrics.test/metrics", series: ["up"] };
    expect(() => startObserver([spec], deps())).toThrow(/metrics\.test is not an allowed host/);
  });
});
