import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createTestHost, type TestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

const plan = `load:
  target: { baseUrl: "http://127.0.0.1:9", auth: { bearer: "\${env:GW_KEY}" } }
  scenarios:
    s: { executor: constant-arrival-rate, rate: 50, duration: 10s, steps: [{ name: x, http: /x }] }
  thresholds: { response_time: ["p(95)<2s"] }
`;
const summary = {
  metrics: {
    http_req_duration: { count: 400, min: 1, med: 5, max: 90, "p(95)": 40, avg: 8 },
    http_reqs: { count: 400, rate: 10 },
    http_req_failed: { passes: 0, fails: 400, value: 0 },
  },
};
const accepting = 'accept: imported\nthresholds: { http_req_duration: "p(95)<500ms" }\n';

function folderWith(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "loadline-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

async function cli(
  cwd: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<TestHost & { readonly code: number }> {
  const host = createTestHost(["load", ...argv], { cwd, env, clock: systemClock() });
  const code = await runCli(host);
  return Object.assign(host, { code });
}

describe("load import", () => {
  const cwd = folderWith({
    "s.json": JSON.stringify(summary),
    "p.yaml": accepting,
    "bad.yaml": 'accept: always\nthresholds: { http_req_duration: "p(95)<<1" }\n',
    "syntax.yaml": 'thresholds: { http_req_duration: "p(95)<<1" }\n',
    "other.json": '{"hello":"world"}',
  });

  it("shows figures without a plan, and counts nothing: exit 2", async () => {
    const host = await cli(cwd, ["import", "s.json"]);
    expect(host.code).toBe(2);
    expect(host.out()).toContain("k6 of unknown version, k6-summary-export");
    expect(host.out()).toContain("http_req_duration n 400");
    expect(host.out()).toContain("foreign");
  });

  it.each([
    ["gates", ["import", "s.json", "--plan", "p.yaml"]],
    ["waivers", ["import", "s.json", "--plan", "p.yaml"]],
    ["threshold", ["import", "s.json", "--plan", "p.yaml"]],
    ["use", ["drive", "k6", "s.json"]],
    ["skip", ["export", "k6", "p.yaml"]],
  ])("--%s is refused, not left aside: %j", async (name, argv) => {
    const host = await cli(cwd, [...argv, `--${name}`, "load"]);
    expect([host.code, host.out()]).toEqual([64, ""]);
    expect(host.err()).toContain(`--${name} is for`);
  });

  it("is signed by --sign-key, and a key that is not there is said before a tool runs", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(join(cwd, "me.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    const own = folderWith({});
    const signed = ["import", "s.json", "--plan", "p.yaml", "--state", own];
    expect((await cli(cwd, [...signed, "--sign-key", "me.pem"])).code).toBe(0);
    const [run = ""] = readdirSync(join(own, "runs")).filter((name) => name !== "latest");
    expect(readdirSync(join(own, "runs", run))).toContain("attestations");
    const gone = await cli(cwd, ["drive", "k6", "s.json", "--sign-key", "gone.pem"]);
    expect(gone.err()).toContain("LL_SIGN_KEY");
    expect(gone.err()).not.toContain("LL_LOAD_DRIVER_MISSING");
  });

  it("with a plan that accepts imported results their counts decide: exit 0", async () => {
    const host = await cli(cwd, ["import", "s.json", "--plan", "p.yaml", "--json"]);
    expect(host.code).toBe(0);
    const verdict = JSON.parse(host.out()) as { outcome: string; target: string };
    expect(verdict.outcome).toBe("READY");
    expect(verdict.target).toContain("what k6 was sent to");
  });

  it("a file that is no result is refused with the keys seen: exit 64", async () => {
    const host = await cli(cwd, ["import", "other.json"]);
    expect(host.code).toBe(64);
    expect(host.err()).toContain("LL_LOAD_IMPORT_FORMAT other.json");
    expect(host.err()).toContain("keys hello");
  });

  it("a wrong plan names its key and line, a wrong threshold its position: exit 78", async () => {
    const bad = await cli(cwd, ["import", "s.json", "--plan", "bad.yaml"]);
    expect([bad.code, bad.err()]).toEqual([78, expect.stringContaining("accept")]);
    expect(bad.err()).toContain("bad.yaml:1");
    const syntax = await cli(cwd, ["import", "s.json", "--plan", "syntax.yaml"]);
    expect([syntax.code, syntax.err()]).toEqual([
      78,
      expect.stringContaining("LL_LOAD_THRESHOLD_SYNTAX"),
    ]);
  });

  it("names what is missing: exit 64", async () => {
    for (const argv of [
      ["import"],
      ["drive"],
      ["drive", "jmeter", "x"],
      ["drive", "k6"],
      ["drive", "locust", "p.yaml"],
      ["export"],
      ["export", "k6"],
      ["export", "jmeter", "p.yaml"],
    ]) {
      expect((await cli(cwd, argv)).code, argv.join(" ")).toBe(64);
    }
  });
});

describe("load drive", () => {
  it("runs the tool on this machine and imports what it wrote; its exit code is shown, not used", async () => {
    const cwd = folderWith({ "s.js": "//", "p.yaml": accepting });
    const tool = join(cwd, "k6");
    writeFileSync(
      tool,
      `#!/bin/sh
[ "$1" = version ] && { echo "k6 v9.9.9"; exit 0; }
while [ $# -gt 0 ]; do [ "$1" = --summary-export ] && out=$2; shift; done
echo '${JSON.stringify(summary)}' > "$out"; exit 99
`,
    );
    chmodSync(tool, 0o755);
    const argv = ["drive", "k6", "s.js", "--tool", "k6", "--plan", "p.yaml"];
    const host = await cli(cwd, argv, { PATH: "/usr/bin:/bin" });
    expect(host.err()).toContain("k6 9.9.9 ended with 99: ended, a threshold of its own crossed");
    expect(host.code).toBe(0);
    expect(host.out()).toContain("READY");
  });

  it("without the tool its claims are not tested: exit 2", async () => {
    const cwd = folderWith({ "l.py": "", "p.yaml": accepting });
    const host = await cli(
      cwd,
      ["drive", "locust", "l.py", "--duration", "2s", "--plan", "p.yaml"],
      { PATH: "" },
    );
    expect(host.code).toBe(2);
    expect(host.err()).toContain("LL_LOAD_DRIVER_MISSING");
    expect(host.out()).toContain("not_tested");
  });
});

describe("load export", () => {
  it("writes a script to standard output or a file, and says which variables it reads", async () => {
    const cwd = folderWith({ "p.yaml": plan });
    const shown = await cli(cwd, ["export", "k6", "p.yaml"]);
    expect(shown.code).toBe(0);
    expect(shown.out()).toContain("export const options");
    expect(shown.err()).toContain("reads GW_KEY from its environment");
    await cli(cwd, ["export", "k6", "p.yaml", "--out", "made/s.js"]);
    expect(readFileSync(join(cwd, "made/s.js"), "utf8")).toBe(shown.out());
    const operator = await cli(cwd, ["export", "k6-operator", "p.yaml", "--parallelism", "3"]);
    expect(operator.out()).toContain("kind: TestRun");
    expect(operator.out()).toContain("parallelism: 3");
  });

  it("what has no form is refused, exit 64; with --lossy it is left out and named", async () => {
    const text = plan.replace("duration: 10s", "duration: 10s, arrivals: poisson");
    const cwd = folderWith({ "p.yaml": text.replace("response_time", "ttft") });
    const refused = await cli(cwd, ["export", "k6", "p.yaml"]);
    expect(refused.code).toBe(64);
    expect(refused.err()).toContain("LL_LOAD_EXPORT_UNMAPPED");
    expect(refused.out()).toBe("");
    const lossy = await cli(cwd, ["export", "k6", "p.yaml", "--lossy"]);
    expect(lossy.code).toBe(0);
    expect(lossy.err()).toContain("left out scenarios.s.arrivals");
    expect(lossy.err()).toContain("not_tested(capability_missing) all.ttft.p95");
  });

  it("a file that cannot be written is said: exit 78", async () => {
    const cwd = folderWith({ "p.yaml": plan, taken: "" });
    const host = await cli(cwd, ["export", "k6", "p.yaml", "--out", "taken/s.js"]);
    expect([host.code, host.err()]).toEqual([78, expect.stringContaining("LL_CLI_WRITE")]);
  });
});

describe("load drive k6-operator", () => {
  const result = (over: number): string =>
    JSON.stringify({
      v: 1,
      plan: "PLAN",
      rows: [
        { id: "all.response_time.p95", part: "all", n: 300, over, limitMs: 2000 },
        { id: "load.errors", part: "s", n: 300, over: 0, limitMs: null },
      ],
      ok: { s: { ok: 300, n: 300 } },
      requests: 300,
      lagP99Ms: 1,
      notTested: [],
    });
  /** kubectl as far as the driver asks it: keeps what was applied, is finished at the second look. */
  const kubectl = (dir: string, runners: number): void => {
    // As the script that was applied has it.
    const digest = `$(sed -n 's/.*planDigest = "\\([0-9a-f]*\\)".*/\\1/p' applied.yaml)`;
    const line = `echo 'LOADLINE_RESULT ${result(0)}' | sed "s/PLAN/${digest}/"`;
    const lines = Array.from({ length: runners }, () => line);
    const text = `#!/bin/sh
cd ${dir}
echo "$*" >> asked
case "$1" in
  version) echo '{"clientVersion":{"gitVersion":"v1.36.3"}}' ;;
  apply) cat > applied.yaml ;;
  get) if [ -e looked ]; then printf finished; else : > looked; printf started; fi ;;
  logs) ${lines.length === 0 ? "echo 'no such host'" : lines.join("; ")} ;;
esac
`;
    writeFileSync(join(dir, "kubectl"), text);
    chmodSync(join(dir, "kubectl"), 0o755);
  };

  it("applies the manifest, waits for its end and adds up what the runners counted", async () => {
    const cwd = folderWith({ "my plan.yaml": `accept: imported\n${plan}` });
    kubectl(cwd, 2);
    const argv = ["drive", "k6-operator", "my plan.yaml", "--tool", "kubectl"];
    const host = await cli(cwd, argv, { PATH: "/usr/bin:/bin" });
    expect(host.err()).toContain("test run my-plan is finished");
    expect(host.out()).toContain("n 600");
    expect(host.code).toBe(0);
    expect(readFileSync(join(cwd, "applied.yaml"), "utf8")).toContain("kind: TestRun");
    const asked = readFileSync(join(cwd, "asked"), "utf8");
    expect(asked).toContain("logs -l k6_cr=my-plan,runner=true");
    expect(asked).not.toContain("delete");
  });

  it("a runner without results leaves a gap: nothing passes", async () => {
    const cwd = folderWith({ "p.yaml": `accept: imported\n${plan}` });
    kubectl(cwd, 2);
    const argv = ["drive", "k6-operator", "p.yaml", "--tool", "kubectl", "--parallelism", "3"];
    const host = await cli(cwd, argv, { PATH: "/usr/bin:/bin" });
    expect(host.code).toBe(2);
    expect(host.out()).toContain("gaps");
  });

  it("runners that left nothing are an error with their last words, no kubectl is not tested", async () => {
    const cwd = folderWith({ "p.yaml": plan });
    kubectl(cwd, 0);
    const argv = ["drive", "k6-operator", "p.yaml"];
    const silent = await cli(cwd, [...argv, "--tool", "kubectl"], { PATH: "/usr/bin:/bin" });
    expect([silent.code, silent.err()]).toEqual([2, expect.stringContaining("no such host")]);
    const missing = await cli(cwd, argv, { PATH: "" });
    expect([missing.code, missing.err()]).toEqual([
      2,
      expect.stringContaining("LL_LOAD_DRIVER_MISSING kubectl"),
    ]);
    expect(missing.out()).toContain("not_tested");
  });
});
