import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

let dir = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-slo-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ out: string; err: string; code: number }> {
  const host = createTestHost(["slo", ...argv], { cwd: dir });
  const code = await runCli(host);
  return { out: host.out(), err: host.err(), code };
}

/** A page of a gateway that started two hours before the host's clock, with that many refusals. */
function writePage(refused: number, calls = 1000): string {
  const nowS = createTestHost([]).clock.wallMs() / 1000;
  const text = [
    `loadline_requests_total{operation="chat",route="r",status="200"} ${calls}`,
    `loadline_limit_decisions_total{scope="key",resource="requests",decision="refused"} ${refused}`,
    'loadline_auth_total{via="key",outcome="ok",code="_none"} 1000',
    'loadline_auth_total{via="key",outcome="refused",code="LL_AUTH_INVALID"} 0',
    `loadline_overhead_seconds_bucket{le="0.1"} ${calls}`,
    `loadline_overhead_seconds_count ${calls}`,
    'loadline_breaker_transitions_total{target="a",from="closed",to="open"} 0',
    `process_start_time_seconds ${nowS - 7200}`,
    "# EOF",
  ];
  writeFileSync(join(dir, "page.txt"), text.join("\n"));
  return "page.txt";
}

describe("slo compile", () => {
  it("a rules file is printed, with the objective and job that were given", async () => {
    const { out, code } = await run("compile", "--objective", "99.9", "--job", "edge");
    expect(code).toBe(0);
    expect(out).toContain("groups:\n");
    expect(out).toContain('up{job="edge"}');
    expect(out).toContain("99.9 % are promised");
  });

  it("as JSON it is one document with the same rules", async () => {
    const { out } = await run("compile", "--json", "--hold", "2s");
    const value: unknown = JSON.parse(out);
    expect(value).toHaveProperty("groups.1.rules.0.alert", "LoadlineDown");
    expect(value).toHaveProperty("groups.1.rules.0.for", "2s");
  });

  it.each([
    ["--objective", "94.9"],
    ["--objective", "100"],
    ["--objective", "high"],
    ["--job", 'a"} or vector(1) #'],
    ["--hold", "soon"],
  ])("%s %s is refused and nothing is printed", async (option, value) => {
    const { out, err, code } = await run("compile", option, value);
    expect([out, code, err.includes("LL_CLI_VALUE")]).toEqual(["", 64, true]);
  });
});

describe("slo check", () => {
  it("all four within is 0, one over is 1, too little is 2 and never within [R0-27]", async () => {
    const within = await run("check", "--metrics", writePage(50));
    expect([within.code, within.out.match(/^within /gm)?.length]).toEqual([0, 4]);
    const over = await run("check", "--metrics", writePage(51));
    expect([over.code, over.out.split("\n")[0]?.startsWith("OVER")]).toEqual([1, true]);
    const few = await run("check", "--metrics", writePage(0, 99));
    expect([few.code, few.out.match(/^inconclusive/gm)?.length]).toEqual([2, 2]);
  });

  it("a page without the series is not tested, in words and exit code", async () => {
    writeFileSync(join(dir, "empty.txt"), "# EOF\n");
    const { out, code } = await run("check", "--metrics", "empty.txt");
    expect([code, out.match(/^not tested/gm)?.length]).toEqual([2, 4]);
  });

  it("as JSON each figure has its counts and bound", async () => {
    const { out } = await run("check", "--json", "--metrics", writePage(50));
    expect(JSON.parse(out)).toHaveProperty("figures.0", {
      id: "limit_hits",
      most: 0.05,
      state: "within",
      events: 1000,
      observed: 0.05,
      text: "50 of 1000 model requests were refused by a limit; at most 5 % may be",
    });
  });

  it("without a file, or with none there, the reason is named", async () => {
    expect((await run("check")).err).toContain("LL_CLI_ARGUMENT");
    const { err, code } = await run("check", "--metrics", "gone.txt");
    expect([code, err.includes("ENOENT")]).toEqual([78, true]);
  });
});
