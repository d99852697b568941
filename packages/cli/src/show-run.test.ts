import { describe, expect, it } from "vitest";
import { createTestHost, type TestHostOptions } from "../test/test-host.ts";
import { claimVerdict, verdictOf } from "../test/verdict-fixture.ts";
import { parseArgs } from "./args.ts";
import { runsDirOf, showRun, type ShownRun } from "./show-run.ts";

const verdict = verdictOf([claimVerdict("chat.ok", "passed", { required: true })]);
const run = { run: "r1", runDir: "/work/runs/r1", verdict, exitCode: 0, reporterFailures: [] };
const again = ["loadline", "load", "plan file.yaml"];

function shown(
  o: TestHostOptions & Partial<ShownRun> = {},
  reporterFailures: readonly { id: string; message: string }[] = [],
) {
  const host = createTestHost([], { cwd: "/work", ...o });
  showRun(host, { ...run, exitCode: 0, reporterFailures }, { again, json: false, ...o });
  return host;
}

describe("showRun", () => {
  it("the card names the run from where the user is, and the command as it may be typed", () => {
    const text = shown().out();
    expect(text).toContain(" runs/r1");
    expect(text).not.toContain("/work/runs/r1");
    expect(text).toContain("'plan file.yaml'");
  });

  it("a run kept elsewhere is named in full", () => {
    expect(shown({ cwd: "/home" }).out()).toContain(" /work/runs/r1");
  });

  it("a run that was interrupted shows the exit code of the process, not of its verdict", () => {
    const host = createTestHost([], { cwd: "/work" });
    showRun(host, { ...run, exitCode: 130 }, { again, json: false });
    expect(host.out()).toContain("exit 130, interrupted");
    expect(shown().out()).not.toContain("130");
  });

  it("lines above the card come first", () => {
    expect(shown({ above: "knee at 40 users\n" }).out()).toMatch(/^knee at 40 users\n/);
  });

  it("with json the verdict alone is printed, as one document", () => {
    const host = shown({ json: true, above: "knee at 40 users\n" });
    expect(JSON.parse(host.out())).toEqual(JSON.parse(JSON.stringify(verdict)));
  });

  it.each([false, true])("a view that was not written is named beside it, json %s", (json) => {
    const failure = { id: "junit", message: "no \u001b[31mink" };
    const host = shown({ json }, [failure]);
    expect(host.err()).toMatch(/^LL_CLI_WRITE junit: no .*ink\. Check that the folder exists/);
    expect(host.err()).not.toContain("\u001b");
    expect(host.out()).not.toContain("LL_CLI_WRITE");
  });

  it("the card names the report that was written, and none where none was", () => {
    const [html, md] = ["html", "md"].map((id) => ({ id, message: "no space left" }));
    if (html === undefined || md === undefined) throw new Error("no failures");
    expect(shown().out()).toContain("runs/r1/report.html");
    expect(shown({}, [html]).out()).toContain("runs/r1/report.md");
    expect(shown({}, [html]).out()).not.toContain("report.html");
    expect(shown({}, [html, md]).out()).not.toContain("runs/r1/report");
  });

  it("a terminal's own width is used, 80 columns where there is none", () => {
    const wide = shown().out();
    expect(shown({ isTty: true, columns: 44 }).out()).not.toBe(wide);
    expect(shown({ isTty: false, columns: 44 }).out()).toBe(wide);
  });
});

describe("runsDirOf", () => {
  const options = [{ name: "out", value: "DIR", help: "" }];
  const dirOf = (...argv: string[]): string =>
    runsDirOf({
      host: createTestHost([], { cwd: "/work" }),
      args: parseArgs(argv, options, { name: "PLAN", min: 0, max: 1 }),
      stateDir: "/state",
    });

  it("runs are kept below the state directory, or where --out says from here", () => {
    expect(dirOf()).toBe("/state/runs");
    expect(dirOf("--out", "kept")).toBe("/work/kept");
    expect(dirOf("--out", "/kept")).toBe("/kept");
  });
});
