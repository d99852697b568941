import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../testkit/src/eventually.ts";
import { type DriveJob, driveTool, findTool } from "./drive.ts";
import { readForeign } from "./read-foreign.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "loadline-tool-"));

/** A stand-in for the tool: a shell script, so that arguments and exit codes are the real ones. */
function toolOf(name: "k6" | "locust", text: string): string {
  const dir = folder();
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

const summary =
  '{"metrics":{"http_reqs":{"count":3,"rate":1},"http_req_failed":{"passes":0,"fails":3,"value":0}}}';
const k6 = (exit: number, writes = true): string =>
  toolOf(
    "k6",
    `if [ "$1" = version ]; then echo "k6 v9.9.9 (go)"; exit 0; fi
echo "args $*"
while [ $# -gt 0 ]; do if [ "$1" = --summary-export ]; then out=$2; fi; shift; done
${writes ? `echo '${summary}' > "$out"` : "echo it broke >&2"}
exit ${exit}`,
  );

function drive(job: Partial<DriveJob>, signal = new AbortController().signal) {
  const whole: DriveJob = { tool: "k6", script: "/s.js", env: { PATH: "/usr/bin:/bin" }, ...job };
  return driveTool(whole, { clock: systemClock(), signal });
}

describe("driving another tool", () => {
  it("records version, arguments, exit code and a digest of what it printed, and takes its results", async () => {
    const driven = await drive({ toolPath: k6(99) });
    expect(driven).toMatchObject({
      version: "9.9.9",
      exitCode: 99,
      meaning: "ended, a threshold of its own crossed",
      outputDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(driven.args).toContain("--no-usage-report");
    expect(driven.args.at(-1)).toBe("/s.js");
    expect(readForeign(driven.files).metrics.get("http_reqs")?.count).toBe(3);
  });

  it("what an exported script counted itself wins over k6's summary where a plan decides", async () => {
    const said = {
      v: 1,
      plan: "p",
      rows: [],
      ok: { s: { ok: 4, n: 5 } },
      requests: 5,
      lagP99Ms: 1,
    };
    const text = `echo 'LOADLINE_RESULT ${JSON.stringify(said)}'`;
    const path = toolOf("k6", readFileSync(k6(0), "utf8").replace("exit 0\n", `${text}\nexit 0\n`));
    const planned = await drive({ toolPath: path, hasPlan: true });
    expect(readForeign(planned.files).exact?.ok).toEqual({ s: { ok: 4, n: 5 } });
    const shown = readForeign((await drive({ toolPath: path })).files);
    expect([shown.exact, shown.metrics.get("http_reqs")?.count]).toEqual([undefined, 3]);
    const plain = readForeign((await drive({ toolPath: k6(0), hasPlan: true })).files);
    expect(plain.metrics.get("http_reqs")?.count).toBe(3);
  });

  it("every exit code is data: results count whatever it says", async () => {
    for (const [exit, meaning] of [
      [0, "kept"],
      [104, "configuration"],
      [105, "stopped from outside"],
      [107, "exception"],
      [108, "aborted"],
      [110, "gave up"],
      [42, "no meaning"],
    ] as const) {
      const driven = await drive({ toolPath: k6(exit) });
      expect(driven.exitCode).toBe(exit);
      expect(driven.meaning).toContain(meaning);
    }
  });

  it("a run without results is an error that shows what the tool said", async () => {
    await expect(drive({ toolPath: k6(107, false) })).rejects.toMatchObject({
      code: "LL_LOAD_DRIVER_FAILED",
      message: expect.stringContaining("it broke"),
    });
  });

  it("a tool that is not there, or says it is another, is missing", async () => {
    await expect(drive({ toolPath: "/nowhere/k6" })).rejects.toMatchObject({
      code: "LL_LOAD_DRIVER_MISSING",
    });
    await expect(drive({ env: { PATH: folder() } })).rejects.toThrow("any folder of PATH");
    const other = toolOf("k6", "echo something else");
    await expect(drive({ toolPath: other })).rejects.toThrow("does not say that it is k6");
    const notRunnable = join(folder(), "k6");
    writeFileSync(notRunnable, "text");
    await expect(drive({ toolPath: notRunnable })).rejects.toThrow("does not start");
  });

  it("is found in the folders of PATH, in their order", () => {
    const [empty, path] = [folder(), k6(0)];
    const dir = path.slice(0, -"/k6".length);
    expect(findTool({ tool: "k6", env: { PATH: `${empty}:${dir}` } })).toBe(path);
    expect(findTool({ tool: "locust", env: { PATH: `${empty}:${dir}` } })).toBeNull();
    expect(findTool({ tool: "k6", env: {} })).toBeNull();
  });

  it("Locust gets its users, time and host, and its JSON is taken from between what the script printed", async () => {
    const locust = toolOf(
      "locust",
      `if [ "$1" = --version ]; then echo "locust 9.9 from here"; exit 0; fi
echo "the script says [hello]"
printf '[\\n  {"name": "/x", "num_requests": 1, "num_failures": 0, "response_times": {"%s": 1}}\\n]\\n' 5
echo "args $*" >&2
exit 1`,
    );
    const driven = await drive({
      tool: "locust",
      toolPath: locust,
      script: "/l.py",
      users: 7,
      duration: "3s",
      host: "http://127.0.0.1:9",
    });
    expect(driven.args.join(" ")).toContain("-u 7 -r 7 -t 3s --host http://127.0.0.1:9");
    expect(driven.meaning).toContain("failed requests");
    expect(readForeign(driven.files).metrics.get("http_reqs")?.count).toBe(1);
  });

  it("an abort interrupts the tool, and what it wrote until then counts", async () => {
    const started = join(folder(), "started");
    const tool = toolOf(
      "k6",
      `if [ "$1" = version ]; then echo "k6 v9.9.9 (go)"; exit 0; fi
while [ $# -gt 0 ]; do if [ "$1" = --summary-export ]; then out=$2; fi; shift; done
trap 'echo "${summary.replaceAll('"', '\\"')}" > "$out"; exit 105' INT
: > ${started}
while :; do sleep 0.05; done`,
    );
    const stop = new AbortController();
    const running = drive({ toolPath: tool }, stop.signal);
    await eventually(systemClock(), () => existsSync(started), 10_000);
    stop.abort();
    expect(await running).toMatchObject({ exitCode: 105, meaning: "stopped from outside" });
  });

  it("an abort reaches a tool behind a script that starts it", async () => {
    const started = join(folder(), "started");
    const inner = toolOf(
      "k6",
      `while [ $# -gt 0 ]; do if [ "$1" = --summary-export ]; then out=$2; fi; shift; done
trap 'echo "${summary.replaceAll('"', '\\"')}" > "$out"; exit 105' INT
: > ${started}
while :; do sleep 0.05; done`,
    );
    const tool = toolOf(
      "k6",
      `if [ "$1" = version ]; then echo "k6 v9.9.9 (go)"; exit 0; fi
trap : INT
${inner} "$@"`,
    );
    const stop = new AbortController();
    const running = drive({ toolPath: tool }, stop.signal);
    await eventually(systemClock(), () => existsSync(started), 10_000);
    stop.abort();
    expect(await running).toMatchObject({ exitCode: 105, meaning: "stopped from outside" });
  });
});
