import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyDir } from "../../test/bundles.ts";
import { runLine } from "../../test/run-line.ts";

const guide = readFileSync(new URL("../../../../docs/guides/validate.md", import.meta.url), "utf8");
/** The example of the guide, as a reader copies it. */
const example = /```\n(target:[^`]*\nclaims:[^`]*)```/.exec(guide)?.[1] ?? "";

const env = { TARGET_KEY: "sk-a-key-of-no-server-0001" };

async function plan(text: string, flags = "") {
  const cwd = emptyDir();
  writeFileSync(join(cwd, "plan.yaml"), text);
  return runLine(`plan --plan plan.yaml ${flags}`.trim(), { cwd, env });
}

interface Row {
  readonly claim: string;
  readonly planned: number;
  readonly needed: readonly (number | null)[];
  readonly minutes: number | null;
  readonly provable: boolean;
  readonly problem: string;
}

const rowsOf = (out: string): Map<string, Row> => {
  const { rows } = JSON.parse(out) as { readonly rows: readonly Row[] };
  return new Map(rows.map((row) => [row.claim, row]));
};

describe("loadline plan on claims of the plan's own", () => {
  it("takes the example of the guide as it is written, and says what it proves", async () => {
    expect(example).toContain("time_availability");
    const ended = await plan(example, "--json");
    expect(ended.err).toBe("");
    const rows = rowsOf(ended.out);
    expect(rows.get("chat.success")).toMatchObject({
      planned: 1_200,
      needed: [161],
      minutes: 0.2,
      provable: true,
    });
    const up = rows.get("chat.up");
    // -ln(0.05) x 30 s / 0.5 %: five hours.
    expect(up).toMatchObject({ planned: 60, needed: [17_975], minutes: 299.6, provable: false });
    expect(up?.problem).toBe("60 planned, 17,975 s needed: inconclusive at best");
    expect(rows.get("orders.loss")?.problem).toContain("not in this build: not_tested");
    // Optional ones do not keep a plan from its outcome.
    expect(ended.exit).toBe(0);
  });

  it("prints the same for people, and ends with 2 where a required one cannot be proven", async () => {
    const text = await plan(
      example.replace("    required: false # takes five hours of load\n", ""),
    );
    expect(text.exit).toBe(2);
    expect(text.out).toMatch(/o chat\.up +time_availability/);
    expect(text.out).toContain("1 required cannot be proven");
  });

  it("prints n for an 80 % chance at its stated error, minutes, and names what cannot be proven", async () => {
    const { out } = await plan(example.replace("required: false # takes five hours of load", ""));
    const row = (id: string): string => out.split("\n").find((line) => line.includes(id)) ?? "";
    // p99 at 1 %: 299 / 473 / 628 samples, 1,258 for 80 % at 0.5 %; 299 at 20/s are 0.3 min.
    expect(row("load.chat.p99")).toMatch(/ 299 \/ 473 \/ 628 +[\d,]{3,} +0\.3$/);
    expect(out).toContain("80 %: n for that chance of proof at a true error of half of what");
    expect(out).toContain("LL_PLAN_CANNOT_PROVE 60 planned, 17,975 s needed");
    // Optional ones are no breach of the plan's own rule.
    expect(row("orders.loss")).not.toContain("LL_PLAN_CANNOT_PROVE");
    for (const line of out.split("\n")) {
      if (!line.includes("planned")) expect(line.length, line).toBeLessThanOrEqual(100);
    }
  });

  it("validate warns of what not even a perfect target could pass, and runs", async () => {
    const cwd = emptyDir();
    const load = "load: { ratePerSecond: 10, durationSeconds: 1, warmupSeconds: 0 }";
    const text = `target: { url: "http://127.0.0.1:9/v1" }\n${load}\nskip: [probe]\n`;
    writeFileSync(join(cwd, "plan.yaml"), text);
    const { err, exit } = await runLine("validate --plan plan.yaml", { cwd, env });
    const lines = err.split("\n").filter((line) => line.startsWith("LL_PLAN_CANNOT_PROVE "));
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain("load.chat.success: 10 planned, 299 needed: inconclusive at best");
    expect(err).toContain("and 2 more; `loadline plan` lists them");
    // Nobody listens there; on a machine under pressure a failure by that is not decided.
    expect([1, 2]).toContain(exit);
  });

  it("names trials, and the tools this machine lacks with what they leave not tested", async () => {
    const services = { box: { kind: "container", container: "x", engine: "no-such-engine" } };
    const text = JSON.stringify({ target: { url: "http://127.0.0.1:9/v1" }, stack: { services } });
    const { out } = await plan(text, "--profile full");
    expect(out).toMatch(/requests, 118 trials;/);
    expect(out).toContain("tool no-such-engine is missing: not_tested(tool_missing) for stack.box");
    const { tools } = JSON.parse((await plan(text, "--json")).out) as { readonly tools: unknown };
    expect(tools).toEqual([{ id: "no-such-engine", found: false, services: ["box"] }]);
  });

  it("lists the streams that claims can be made of, each with its kinds", async () => {
    const { out } = await plan(example, "--json");
    const { streams } = JSON.parse(out) as {
      readonly streams: readonly { readonly stream: string; readonly kinds: readonly string[] }[];
    };
    const kinds = Object.fromEntries(streams.map((one) => [one.stream, one.kinds]));
    expect(kinds["load.chat.errors"]).toEqual(["proportion", "time_availability"]);
    expect(kinds["probe.openai.chat"]).toEqual(["predicate"]);
    expect(kinds["drill.orders.loss"]).toEqual(["zero_loss"]);
    expect(new Set(streams.map(({ stream }) => stream)).size).toBe(streams.length);
  });

  it("names stream, line and nearest name of a claim that no stage feeds", async () => {
    const ended = await plan(example.replace("of: load.chat.errors", "of: load.chat.eror"));
    expect(ended.exit).toBe(78);
    expect(ended.err).toContain("LL_PLAN_STREAM claims[0].of");
    expect(ended.err).toContain("Did you mean load.chat.errors?");
    expect(ended.err).toMatch(/plan\.yaml:7\)/);
  });

  it("a limit without its unit is LL_PLAN_UNIT, before anything is sent", async () => {
    const ended = await plan(example.replace("limit: 30 s", "limit: 30"));
    expect([ended.exit, ended.err.includes("LL_PLAN_UNIT claims[1].limit")]).toEqual([78, true]);
  });

  it("a plan of one target and of several at once is refused with the place", async () => {
    const ended = await plan(`targets: { eu: { url: "http://127.0.0.1:9/v1" } }\n${example}`);
    expect(ended.exit).toBe(78);
    expect(ended.err).toContain("LL_PLAN_SHAPE targets: give `target` or `targets`, not both");
  });
});

describe("loadline plan on several targets", () => {
  /** The example of the guide. */
  const several = /```\n(targets:[^`]*)```/.exec(guide)?.[1] ?? "";
  const keys = { EU_KEY: "sk-a-key-of-no-server-0002", US_KEY: "sk-a-key-of-no-server-0003" };
  const planned = (flags: string, env: Record<string, string>) => {
    const cwd = emptyDir();
    writeFileSync(join(cwd, "plan.yaml"), several);
    return runLine(`plan --plan plan.yaml ${flags}`, { cwd, env });
  };

  it("takes the guide's as it is written: the claims of each, with their samples", async () => {
    const ended = await planned("--json", keys);
    expect([ended.err, ended.exit]).toEqual(["", 0]);
    const rows = rowsOf(ended.out);
    const names = [...rows.keys()].map((id) => id.split(".")[0]);
    expect([...new Set(names)]).toEqual(["eu", "us"]);
    expect(rows.get("us.load.chat.success")).toMatchObject({ planned: 500, provable: true });
    for (const key of Object.values(keys)) expect(ended.out).not.toContain(key);
    const text = await planned("", keys);
    expect(text.out).toContain("plan quick for eu, us");
  });

  it("counts the requests to each, as many as to one alone", async () => {
    const requestsOf = (out: string): unknown => JSON.parse(out).requests;
    const cwd = emptyDir();
    const one = several.replace(/^targets:\n +eu:/, "target:").split("\n")[0] ?? "";
    writeFileSync(join(cwd, "plan.yaml"), one);
    const alone = await runLine("plan --plan plan.yaml --json", { cwd, env: keys });
    const both = await planned("--json", keys);
    expect(requestsOf(alone.out)).toBeGreaterThan(1_000);
    expect(requestsOf(both.out)).toBe(2 * Number(requestsOf(alone.out)));
  });

  it("a key that no header carries is refused by its variable, before anything is sent", async () => {
    const ended = await planned("", { ...keys, US_KEY: `${keys.US_KEY}\n` });
    expect(ended.exit).toBe(64);
    expect(ended.err).toContain("The variable US_KEY holds a line break");
    expect(ended.err).not.toContain(keys.US_KEY);
  });

  it("asks for the key of each by its own name, and for no other", async () => {
    const ended = await planned("", { EU_KEY: keys.EU_KEY, TARGET_KEY: "sk-x" });
    expect(ended.err).toContain("LL_CLI_KEY_MISSING");
    expect(ended.err).toContain("US_KEY is not set");
    const flag = await planned("--api-key-env EU_KEY", keys);
    expect(flag.exit).toBe(64);
    expect(flag.err).toContain("each of `targets` names its own `apiKeyEnv`");
  });
});

describe("a plan to validate beside a load of its own", () => {
  const target = "--target http://127.0.0.1:9";

  it.each([
    "plan load.yaml --plan plan.yaml",
    `plan ${target} --profile smoke --plan plan.yaml`,
    "load load.yaml --plan plan.yaml --dry-run",
    `load ${target} --profile smoke --plan plan.yaml --dry-run`,
    "load profiles --plan plan.yaml",
  ])("is refused, not left aside: %s", async (line) => {
    const { exit, err } = await runLine(line, { cwd: emptyDir(), env });
    expect([exit, err]).toEqual([64, expect.stringContaining("--plan is a plan to validate")]);
  });

  it.each([
    ["gates", `load ${target} --rate 30 --gates gates.yaml --dry-run`],
    ["gates", `plan ${target} --profile smoke --gates gates.yaml`],
    ["use", `load ${target} --profile smoke --use training`],
    ["skip", `plan ${target} --rate 30 --skip load`],
    ["waivers", `plan ${target} --rate 30 --waivers w.yaml`],
  ])("so is --%s, which such a load has no place for: %s", async (name, line) => {
    const { exit, err } = await runLine(line, { cwd: emptyDir(), env });
    expect([exit, err]).toEqual([64, expect.stringContaining(`--${name} is for validation plans`)]);
  });
});

describe("a plan by the options of a load", () => {
  const target = "--target http://127.0.0.1:9";

  it.each([
    "--rate 30 --duration 10m",
    "--users 7",
    "--ladder 5,20",
    "--rate 40 --pacing timer",
    '--rate 40 --threshold "response_time: p(99)<2s"',
  ])("is that of the load which `load` would send: %s", async (flags) => {
    const o = { cwd: emptyDir(), env };
    const planned = await runLine(`plan ${target} ${flags} --json`, o);
    const sent = await runLine(`load ${target} ${flags} --dry-run --json`, o);
    expect(planned.out).toBe(sent.out);
    expect([planned.exit, planned.err]).toEqual([sent.exit, ""]);
    const { rows } = JSON.parse(planned.out) as { readonly rows: readonly Row[] };
    expect(rows.map(({ claim }) => claim)).toContain("load.errors");
  });

  it("refuses a value that `load` refuses", async () => {
    const { exit, err } = await runLine(`plan ${target} --rate NaN`, { cwd: emptyDir(), env });
    expect([exit, err]).toEqual([64, expect.stringContaining("--rate is a number above 0")]);
  });
});
