import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { VerdictDocument } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { emptyDir, runCli, verdictOf } from "./cli-process.ts";

const engines = ["podman", "docker"] as const;
type Engine = (typeof engines)[number];

const healthy = JSON.stringify([
  {
    RestartCount: 0,
    State: { Status: "running", OOMKilled: false },
    Config: { User: "10001" },
    HostConfig: { Privileged: false, ReadonlyRootfs: true, Memory: 268_435_456, PidsLimit: 128 },
  },
]);

const plan = JSON.stringify({
  stack: {
    services: Object.fromEntries(
      engines.map((engine) => [
        `by_${engine}`,
        { kind: "container", container: "api", engine, limits: { memoryBytes: 536_870_912 } },
      ]),
    ),
  },
});

/** A working directory whose `bin` holds an engine that tells of one healthy container, for each. */
function place(): string {
  const cwd = emptyDir();
  const bin = join(cwd, "bin");
  mkdirSync(bin);
  for (const engine of engines) {
    writeFileSync(join(bin, engine), `#!/bin/sh\nprintf '%s' '${healthy}'\n`, { mode: 0o755 });
  }
  writeFileSync(join(cwd, "plan.yaml"), plan);
  return cwd;
}

async function validate(
  cwd: string,
): Promise<{ readonly verdict: VerdictDocument; readonly code: number | null }> {
  // Nothing of this machine is on the path: what the folder lacks is not there.
  const env = { PATH: join(cwd, "bin") };
  const ended = await runCli(cwd, ["validate", "--plan", "plan.yaml", "--json"], { env });
  return { verdict: verdictOf(ended), code: ended.code };
}

/** Verdict and reason of the checks by one engine: of the first, and every word of the others. */
function wordsOf({ claims }: VerdictDocument, engine: Engine): readonly [string, string[]] {
  const own = claims.filter(({ id }) => id.startsWith(`stack.by_${engine}.`));
  const [first = "none", ...others] = own.map(({ verdict, reason }) =>
    `${verdict} ${reason ?? ""}`.trim(),
  );
  expect(own[0]?.id).toBe(`stack.by_${engine}.running`);
  expect(others.length).toBeGreaterThan(3);
  return [first, [...new Set(others)]];
}

const gone = ["not_tested tool_missing", ["not_tested baseline_broken"]];
const there = ["passed", ["passed"]];

describe("a plan that uses tools of this machine", () => {
  it("with all of them is READY: none is asked for what another does", async () => {
    const { verdict, code } = await validate(place());
    for (const engine of engines) expect(wordsOf(verdict, engine)).toEqual(there);
    expect([verdict.outcome, code]).toEqual(["READY", 0]);
  });

  for (const hidden of engines) {
    it(`without ${hidden}: exactly its parts are not tested, by its name, and the outcome is NOT_PROVEN`, async () => {
      const cwd = place();
      rmSync(join(cwd, "bin", hidden));
      const { verdict, code } = await validate(cwd);
      for (const engine of engines) {
        expect(wordsOf(verdict, engine)).toEqual(engine === hidden ? gone : there);
      }
      const running = verdict.claims.find(({ id }) => id === `stack.by_${hidden}.running`);
      expect(running?.sentence).toContain(`${hidden} is not on this machine`);
      expect([verdict.outcome, code]).toEqual(["NOT_PROVEN", 2]);
    });
  }

  it("without any: what needs them is not tested, no claim is passed and none is failed", async () => {
    const cwd = place();
    rmSync(join(cwd, "bin"), { recursive: true });
    const { verdict, code } = await validate(cwd);
    for (const engine of engines) expect(wordsOf(verdict, engine)).toEqual(gone);
    expect([verdict.outcome, code]).toEqual(["NOT_PROVEN", 2]);
  });
});

describe("another load tool that is not on the path", () => {
  const thresholds = { http_req_duration: ["p(95)<500"], http_req_failed: ["rate<0.01"] };
  const own = JSON.stringify({ load: { thresholds } });

  it.each([
    ["k6", "s.js", []],
    ["locust", "s.py", ["--duration", "1s"]],
  ])(
    "%s: what it was to show is not tested and the outcome is NOT_PROVEN [R2-54] [R2-56]",
    async (tool, script, more) => {
      const cwd = emptyDir();
      writeFileSync(join(cwd, script), "");
      writeFileSync(join(cwd, "own.json"), own);
      const argv = ["load", "drive", tool, script, ...more, "--plan", "own.json", "--json"];
      const ended = await runCli(cwd, argv, { env: { PATH: join(cwd, "bin") } });
      const verdict = verdictOf(ended);
      const required = verdict.claims.filter((claim) => claim.required);
      expect(required.length).toBeGreaterThan(0);
      for (const claim of required) {
        expect([claim.verdict, claim.reason]).toEqual(["not_tested", "tool_missing"]);
      }
      expect([verdict.outcome, ended.code]).toEqual(["NOT_PROVEN", 2]);
    },
  );

  it("is named by doctor with what becomes not tested, as are the container engines [R2-54]", async () => {
    const cwd = place();
    const env = { PATH: join(cwd, "bin") };
    const told = async (): Promise<string> => (await runCli(cwd, ["doctor"], { env })).out;
    const before = await told();
    expect(before).toMatch(/\+ podman/);
    for (const tool of ["k6", "locust"])
      expect(before).toMatch(new RegExp(`o ${tool} .*not tested`));
    rmSync(join(cwd, "bin", "podman"));
    expect(await told()).toMatch(/o podman .*missing: .*not tested/);
  });
});
