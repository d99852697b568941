import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../packages/testkit/src/recording-target/index.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { claimsThat, emptyDir, runDirOf } from "./cli-process.ts";
import { notTested } from "./machine.ts";
import { decidable, skipIfOpen, soleVerdict } from "./readiness.ts";

/** Gives a command a terminal; part of every Debian. */
const terminal = "/usr/bin/script";
const hasTerminal = existsSync(terminal);
if (!hasTerminal) notTested("a load on a terminal", `${terminal} is not there`);

const plan = (url: string): string => `load:
  target: { baseUrl: "${url}" }
  setup: "./hooks.ts#setup"
  teardown: "./hooks.ts#teardown"
  scenarios:
    s: { executor: constant-arrival-rate, rate: 50, duration: 60s, steps: [{ name: use, http: "/use/\${setup.id}" }] }
  thresholds:
    errors: [{ threshold: "rate<0.5%", id: slo.errors, abortOnFail: true }]
`;

const hooks = `
  export async function setup(vu) {
    return (await vu.http.post("/things", { json: {} })).json();
  }
  export async function teardown(vu) {
    await vu.http.del("/things/" + vu.setup.id);
  }
`;

interface Watched {
  readonly page: string;
  readonly events: string;
}

/** What one browser sees of the live page, from its one-time address to the last word. */
async function watch(url: string): Promise<Watched> {
  const { origin } = new URL(url);
  const entered = await fetch(url, { redirect: "manual" });
  const cookie = (entered.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const page = await fetch(`${origin}/`, { headers: { cookie } });
  const frames = await fetch(`${origin}/frames`, { headers: { cookie } });
  const reader = new TextDecoder();
  const seen = { page: await page.text(), events: "" };
  try {
    for await (const bytes of frames.body ?? [])
      seen.events += reader.decode(bytes, { stream: true });
  } catch (cause) {
    // The end of the run ends its connections; what came until then was seen.
    seen.events += `\n${String(cause)}\n`;
  }
  return seen;
}

describe("a load that somebody watches", () => {
  it.skipIf(!hasTerminal)(
    "terminal and page are live, hooks run first and last, and an objective that burns ends the run: exit 1, report and verdict [R2-11]",
    async (context) => {
      await using target = await startRecordingTarget(({ method, path }) => {
        if (method !== "GET") return { body: '{"id":"a1"}' };
        return { status: target.seen.length > 3 ? 500 : 200, body: JSON.stringify({ path }) };
      });
      const cwd = emptyDir();
      writeFileSync(join(cwd, "plan.yaml"), plan(target.url));
      writeFileSync(join(cwd, "hooks.ts"), hooks);
      const main = join(repositoryRoot, "packages/cli/src/main.ts");
      const command = `'${process.execPath}' '${main}' load plan.yaml --live`;
      const env = { ...process.env, TERM: "xterm", NO_COLOR: "1" };
      const child = spawn(terminal, ["-qefc", command, "/dev/null"], {
        cwd,
        env,
        stdio: ["ignore", "pipe", "inherit"],
        timeout: 110_000,
        killSignal: "SIGKILL",
      });
      let shown = "";
      let watching: Promise<Watched | string> | undefined;
      child.stdout.on("data", (chunk: Buffer) => {
        shown += chunk.toString();
        const url = /live (http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+)\s/.exec(shown)?.[1];
        if (url !== undefined) watching ??= watch(url).catch((cause: unknown) => String(cause));
      });
      // A terminal of no known size: nobody told `script` one.
      const [code] = (await once(child, "close")) as [number | null];
      const seen = await watching;

      // A sixtieth of what was planned is enough to know.
      const verdict = soleVerdict(cwd);
      expect(code).toBe(verdict.exitCode);
      expect(claimsThat(verdict, "failed")).toEqual(
        expect.arrayContaining(decidable(verdict, ["slo.errors"])),
      );
      expect(verdict.claims.find(({ id }) => id === "slo.errors")?.bad).toBeGreaterThan(5);
      expect(target.seen.length).toBeLessThan(2000);
      for (const view of ["report.html", "verdict.json"]) {
        expect(existsSync(join(runDirOf(cwd), view)), view).toBe(true);
      }

      const calls = target.seen.map(({ method, path }) => `${method} ${path}`);
      expect([calls[0], calls.at(-1)]).toEqual(["POST /things", "DELETE /things/a1"]);
      expect(new Set(calls.slice(1, -1))).toEqual(new Set(["GET /use/a1"]));

      // Drawn over itself: each frame clears the lines of the one before it.
      const drawn = [...shown.matchAll(/\u001B\[2K\w+ +[#.]{24} {2}due ([\d,]+)/g)];
      const dues = drawn.map(([, due = ""]) => Number(due.replaceAll(",", "")));
      expect(new Set(dues).size).toBeGreaterThan(1);
      expect(dues).toEqual(dues.toSorted((a, b) => a - b));

      if (typeof seen !== "object") throw new Error(`nobody could watch: ${seen}`);
      expect(seen.page).toContain("<title>");
      const frames = seen.events.match(/"due":\d+/g) ?? [];
      expect(frames.length).toBeGreaterThan(1);
      expect(frames.at(-1)).toBe(`"due":${dues.at(-1)}`);
      expect(seen.events).toContain(verdict.outcome);
      skipIfOpen(context, verdict, ["slo.errors"]);
      expect([code, verdict.outcome]).toEqual([1, "NOT_READY"]);
    },
  );
});
