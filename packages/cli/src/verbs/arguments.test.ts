import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyDir } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";
beforeEach(() => void (cwd = emptyDir()));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const run = (line: string, env: Record<string, string> = {}): Promise<Ended> =>
  runLine(line, { cwd, env, clock: new TestClock() });
const at = "--target http://127.0.0.1:9";

describe("an argument nobody asked for", () => {
  it.each([
    ["keys list ID", 'list takes no "ID".'],
    ["keys create ci", 'create takes no "ci".'],
    ["keys check KEY", 'check takes no "KEY".'],
    ["users list ada", 'list takes no "ada".'],
    ["roles matrix ada", 'matrix takes no "ada".'],
    ["load profiles smoke", '"smoke" is one argument too many.'],
    ["load plan.yaml other.yaml", '"other.yaml" is one argument too many.'],
    ["doctor now", '"now" is one argument too many.'],
    ["clean runs", '"runs" is one argument too many.'],
    ["audit-log query all", '"all" is one argument too many.'],
  ])("%s is refused by name, exit 64, and makes nothing", async (line, message) => {
    const { exit, out, err } = await run(line);
    expect([exit, out]).toEqual([64, ""]);
    expect(err).toContain(`LL_CLI_ARGUMENT ${message}`);
    for (const name of readdirSync(cwd)) expect(name).not.toBe("runs");
  });

  it.each([
    ["keys show", "show needs an ID."],
    ["keys rotate", "rotate needs an ID."],
    ["keys revoke", "revoke needs an ID."],
    ["users create", "create needs a SUBJECT."],
    ["users disable", "disable needs an ID."],
    ["roles grant", "grant needs a USER."],
    ["roles grant ada", "--role is missing."],
    ["roles grant ada --permission keys:manage", "--reason is missing."],
    ["roles revoke ada", "--role is missing."],
    ["load import", "FILE is missing."],
    ["load drive k6", "SCRIPT is missing."],
    ["load export k6", "PLAN is missing."],
    ["slo check", "--metrics FILE says what is checked."],
    ["schedule", "--plan FILE says what is validated."],
    ["diff one", "A B is missing."],
  ])("%s lacks one, which is named", async (line, message) => {
    const { exit, err } = await run(line);
    expect([exit, err]).toEqual([64, expect.stringContaining(`LL_CLI_ARGUMENT ${message}`)]);
  });
});

describe("a flag before its verb", () => {
  it.each(["--json doctor", "--state /x keys list", "-v", "help --json"])(
    "%s: says where flags go, and guesses no verb",
    async (line) => {
      const { exit, err } = await run(line);
      expect(exit).toBe(64);
      expect(err).toContain("a flag comes after its verb");
      expect(err).not.toContain("Did you mean");
    },
  );
});

describe("an option that is refused", () => {
  it.each([
    [`plan ${at} --plan plan.yaml`, "Give one of --target URL and --plan FILE."],
    [`validate ${at} --resume run`, "leave the other plan options out"],
    ["validate --resume run --skip load", "leave the other plan options out"],
    ["validate --resume run --waivers w.yaml", "leave the other plan options out"],
    ["validate --resume run --model tiny", "leave the other plan options out"],
    ["validate --resume run --gates g.yaml", "leave the other plan options out"],
    [`plan --target 127.0.0.1:8080`, "not an http or https address"],
    [`plan --target file:///etc/passwd`, "not an http or https address"],
    [
      `plan --target http://key@127.0.0.1:9`,
      "carries a user or password, which is not sent; a key is given by --api-key-env",
    ],
    [`plan ${at} --skip load,prob`, 'Did you mean "probe"?'],
    [`load ${at} --rate 5 --users 5`, "Give one of --rate, --users and --ladder."],
    [`load ${at} --rate 0`, "--rate is a number above 0"],
    [`load ${at} --rate ten`, "--rate is a number above 0"],
    [`load ${at} --users 0`, "--users is a whole number from 1"],
    [`load ${at} --ladder 5,x`, "--ladder is a list of user counts"],
    [`load ${at} --rate 5 --waivers w.yaml`, "--waivers is for validation plans"],
    ["load drive locust locustfile.py", "drive locust needs --duration"],
    ["serve --workers 0", "--workers is a whole number from 1 to 64."],
    ["serve --workers 65", "--workers is a whole number from 1 to 64."],
    ["serve --port 65536", "--port is a whole number from 0 to 65535."],
    ["up --profile fast", "--profile is one of quick, full."],
    ["keys frob", '"frob" is none of create, list, show, check, rotate, revoke.'],
    ["config shw", '"shw" is none of check, schema, show. Did you mean "show"?'],
    ["keys create --expires never", "--expires is a time such as 90s, 15m, 24h or 30d."],
    ["breaker simulate", "--trace FILE is missing."],
    ["audit-log query --from yesterday", "--from is no time such as"],
    ["audit-log prove --seq 1 --size 2", "two different proofs"],
    ["audit-log query --limit 1001", "--limit is a whole number from 1 to 1000."],
    [
      "schedule --plan p --every minute",
      "--every is one of hourly, daily, weekly, monthly, quarterly.",
    ],
  ])("%s: exit 64 and the reason", async (line, message) => {
    // The store is there, so that the option is what is refused.
    if (line.startsWith("audit-log")) await run("keys list");
    mkdirSync(join(cwd, "run"));
    const { exit, out, err } = await run(line);
    expect([exit, out]).toEqual([64, ""]);
    expect(err).toContain(message);
  });

  it("a credential of a refused address is not repeated", async () => {
    const { err } = await run("plan --target http://user:hunter2@127.0.0.1:9");
    expect(err).not.toContain("hunter2");
  });
});

describe("a file that cannot be read", () => {
  it.each([
    "slo check --metrics FILE",
    "plan --compose FILE",
    `load ${at} --profile smoke --manifest FILE`,
    "breaker simulate --trace FILE",
    "config check --config FILE",
    "validate --plan FILE",
    "plan FILE",
    "lint FILE",
    "load import FILE",
    "load export k6 FILE",
    "load FILE",
    "slo lint FILE",
  ])("%s: named with its reason, exit 78, never Loadline's own fault", async (line) => {
    mkdirSync(join(cwd, "folder"));
    for (const name of ["gone", "folder"]) {
      const { exit, out, err } = await run(line.replace("FILE", name));
      expect([exit, out]).toEqual([78, ""]);
      expect(err).toContain(name);
      expect(err).toMatch(/ENOENT|EISDIR|no such file|directory/);
      expect(err).not.toContain("LL_CLI_UNEXPECTED");
      // What helps is another path, not a corrected field.
      expect(err).toMatch(/path/);
    }
  });

  it("a manifest that does not hold names its key and line", async () => {
    writeFileSync(join(cwd, "m.yaml"), "modle: x\n");
    const { exit, err } = await run(`load ${at} --profile smoke --manifest m.yaml`);
    const named = /^LL_CLI_MANIFEST --manifest .*modle.*m\.yaml:1/;
    expect([exit, err]).toEqual([78, expect.stringMatching(named)]);
  });
});

describe("a path of another kind", () => {
  it("a file is no folder of runs: exit 78, never Loadline's own fault", async () => {
    writeFileSync(join(cwd, "notes.txt"), "nothing");
    const { exit, err } = await run("trend notes.txt");
    expect([exit, err]).toEqual([78, expect.stringMatching(/^LL_CLI_RUNS .*notes\.txt/)]);
  });

  it("a plan to validate beside options of a load is refused, not left aside", async () => {
    writeFileSync(join(cwd, "plan.yaml"), 'target: { url: "http://127.0.0.1:9/v1" }\n');
    const { exit, err } = await run("load --plan plan.yaml --dry-run");
    expect([exit, err]).toEqual([64, expect.stringContaining("--plan is a plan to validate")]);
    const both = await run(`load ${at} --plan plan.yaml --rate 5`);
    expect([both.exit, both.err]).toEqual([64, expect.stringContaining("--plan is a plan")]);
  });
});

describe("a key that is named and not set", () => {
  it.each([
    `plan ${at} --api-key-env GONE`,
    `load ${at} --rate 5 --api-key-env GONE`,
    "keys check --key-env GONE",
  ])("%s: exit 78 with the variable's name", async (line) => {
    for (const env of [{}, { GONE: "" }]) {
      const { exit, err } = await run(line, env);
      expect([exit, err]).toEqual([78, expect.stringContaining("The variable GONE is not set.")]);
    }
  });
});

describe("schedule", () => {
  it("a plan that is not there yet is noted apart from what is installed", async () => {
    const gone = await run("schedule cron --plan plan.yaml");
    writeFileSync(join(cwd, "plan.yaml"), 'target: { url: "http://127.0.0.1:9/v1" }\n');
    const there = await run("schedule cron --plan plan.yaml");
    expect(gone.err).toBe(`note ${join(cwd, "plan.yaml")} is not there yet\n`);
    expect([there.err, there.out]).toEqual(["", gone.out]);
  });

  it.each(["cron", "systemd"])(
    "a line break in a path cannot add a line to a %s file",
    async (form) => {
      const { exit, out, err } = await run(`schedule ${form} --plan "a\nExecStartPost=/bin/evil"`);
      expect([exit, out]).toEqual([64, ""]);
      expect(err).toContain("line break");
    },
  );
});
