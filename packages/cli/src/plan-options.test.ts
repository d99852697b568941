import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { loadPlanFile, runValidation } from "@loadline/validator";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storeKeyPair } from "../test/bundles.ts";
import { type Ended, runLine } from "../test/run-line.ts";
import { buildNamed } from "./built-from.ts";
import { toolVersion } from "./version.ts";

let cwd = "";
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), "loadline-cli-plan-"))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** Nothing listens on port 9, so that every check fails at once. */
const nobody = "http://127.0.0.1:9";
const secret = "a-word-for-this-test";

interface Asked {
  readonly skip: string;
  /** Services of the stack that the plan loads too. */
  readonly loaded?: string;
}

/** A plan of a target and of a document service that wants a token from the environment. */
function storePlan({ skip, loaded = "" }: Asked, token = "${env:DOCS_TOKEN}"): string {
  const path = join(cwd, "plan.yaml");
  const text = `target: { url: "${nobody}/v1" }
stack:
  services:
    docs: { kind: rag, url: "${nobody}", token: "${token}" }
load: { durationSeconds: 1, warmupSeconds: 0, ratePerSecond: 10, services: [${loaded}] }
skip: [${skip}]
`;
  writeFileSync(path, text);
  return path;
}

/** A run of the plan that was stopped at its first probe; the command's own deps, but no secret. */
async function interrupted(path: string, reproduce?: readonly string[]): Promise<string> {
  const { plan, text } = await loadPlanFile(path);
  const stop = new AbortController();
  const { runDir, exitCode } = await runValidation(plan, {
    clock: systemClock(),
    random: systemRandom(),
    runsDir: join(cwd, ".loadline", "runs"),
    toolVersion,
    ...buildNamed(),
    reporters: [],
    planText: text,
    ...(reproduce && { reproduce }),
    signal: stop.signal,
    onProgress: ({ stage, state }) => {
      if (stage === "probe" && state === "running") stop.abort();
    },
  });
  expect(exitCode).toBe(130);
  return runDir;
}

const run = (line: string, env: Record<string, string> = {}): Promise<Ended> =>
  runLine(line, { cwd, env, clock: systemClock() });

const used: readonly (readonly [string, Asked])[] = [
  ["the stack is checked", { skip: "load" }],
  [
    "the stack is not checked, but one of its services is loaded",
    { skip: "stack", loaded: "docs" },
  ],
];
const unused: readonly (readonly [string, Asked])[] = [
  ["the stack is skipped and the load is the target's own", { skip: "stack, load" }],
  ["what would load a service of it is skipped too", { skip: "stack, load", loaded: "docs" }],
];

describe("an address of a target", () => {
  it.each([
    ["127.0.0.1:9", 'not an http or https address. Did you mean "http://127.0.0.1:9"?'],
    ["localhost", 'Did you mean "http://localhost"?'],
    ["ftp://127.0.0.1", "--target ftp://127.0.0.1: not an http or https address. Run"],
    [`${nobody}/v1/chat/completions`, `one route of an API. Did you mean "${nobody}/v1"?`],
    [`${nobody}/v1/models/`, `Did you mean "${nobody}/v1"?`],
    [`${nobody}/v1/completions`, `Did you mean "${nobody}/v1"?`],
    [`${nobody}/v1/embeddings`, `Did you mean "${nobody}/v1"?`],
    [`${nobody}/team/chat/completions`, `Did you mean "${nobody}/team"?`],
  ])("%s is refused with what was meant", async (target, says) => {
    const ended = await run(`plan --target ${target}`);
    expect(ended.exit).toBe(64);
    expect(ended.err).toContain(says);
  });

  it.each(["ada:password-of-ada@127.0.0.1", "http://ada:password-of-ada@127.0.0.1"])(
    "%s carries a password, which is refused and not repeated",
    async (target) => {
      const ended = await run(`plan --target ${target}`);
      expect(ended.exit).toBe(64);
      expect(ended.out + ended.err).not.toContain("password-of-ada");
    },
  );

  it.each([
    [`${nobody}/openai/deployments/a/chat/completions?api-key=key-of-ada`, "/deployments/a"],
    [`${nobody}/v1/embeddings#key-of-ada`, "/v1"],
    ["127.0.0.1:9/v1?api-key=key-of-ada", '"http://127.0.0.1:9/v1"'],
    ["ftp://127.0.0.1/?api-key=key-of-ada", "ftp://127.0.0.1/:"],
  ])("%s carries a key, which no message repeats", async (target, says) => {
    const ended = await run(`plan --target ${target}`);
    expect(ended.exit).toBe(64);
    expect(ended.err).toContain(says);
    expect(ended.out + ended.err).not.toContain("key-of-ada");
  });

  it.each([
    "validate",
    "plan",
    "probe",
    "load",
    "load --rate 5",
    "load --get /healthz",
    "load --profile smoke",
    "load import results.json",
    "load drive k6 script.js",
    `load compare ${nobody} ${nobody}/?api-key=key-of-ada`,
  ])("%s sends nothing to an address with a query, and keeps nothing of it", async (verb) => {
    const given = verb.includes("?") ? verb : `${verb} --target ${nobody}/v1?api-key=key-of-ada`;
    const ended = await run(given);
    expect(ended.exit).toBe(64);
    expect(ended.err).toContain("carries a query or fragment, which is not sent");
    expect(ended.out + ended.err).not.toContain("key-of-ada");
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each(["/api/models", "/embeddings", "/team/completions", "/openai/v1"])(
    "below a path of its own is taken as it is: %s",
    async (path) => {
      const ended = await run(`plan --target ${nobody}${path}`);
      expect(ended.exit).toBe(0);
      expect(ended.out).toContain(`${nobody}${path}`);
    },
  );
});

describe("credentials of a stack", () => {
  it.each(used)("are asked for by name, exit 78, where %s", async (_, asked) => {
    const ended = await run(`validate --plan ${storePlan(asked)} --skip probe`);
    expect(ended.exit).toBe(78);
    expect(ended.err).toContain("LL_STACK_SECRET stack.services.docs.token");
    expect(ended.err).toContain("DOCS_TOKEN is not set");
  });

  it.each(unused)("are not asked for where %s", async (_, asked) => {
    const ended = await run(`validate --plan ${storePlan(asked)} --skip probe`);
    expect(ended.err).not.toContain("LL_STACK_SECRET");
    expect(ended.exit).toBe(2);
  });

  it("are not asked for of a stack that only --skip leaves out", async () => {
    const path = storePlan({ skip: "" });
    const ended = await run(`validate --plan ${path} --skip probe,stack,load`);
    expect(ended.err).not.toContain("LL_STACK_SECRET");
    expect(ended.exit).toBe(2);
  });
});

describe("what a plan asks beyond its claims", () => {
  const gate = 'gates: [{ id: mine, category: Disaster Recovery, minScore: "100 %" }]';
  const text = `target: { url: "${nobody}/v1" }\nskip: [probe, load]\n`;

  async function planned(more: string, flags = "") {
    writeFileSync(join(cwd, "plan.yaml"), text + more);
    writeFileSync(join(cwd, "g.yaml"), "gates: [{ id: theirs, minScore: 1 }]\n");
    const ended = await run(`plan --plan plan.yaml --json ${flags}`);
    expect(ended.err).toBe("");
    return JSON.parse(ended.out) as { plan: { use?: string; gates?: { id: string }[] } };
  }

  it("is in the run's plan, a flag goes before it, a file is found beside the plan", async () => {
    const own = await planned(`use: ML training\n${gate}\n`);
    expect(own.plan).toMatchObject({ use: "ML training", gates: [{ id: "mine", minScore: 1 }] });
    const flags = '--use "first production" --gates g.yaml';
    const given = await planned(`use: ML training\n${gate}\n`, flags);
    expect(given.plan).toMatchObject({ use: "first production", gates: [{ id: "theirs" }] });
    expect((await planned("gates: g.yaml\n")).plan.gates).toMatchObject([{ id: "theirs" }]);
    expect(Object.keys((await planned("")).plan)).not.toContain("gates");
  });

  it("is printed with the plan", async () => {
    writeFileSync(join(cwd, "plan.yaml"), `${text}use: ML training\n${gate}\n`);
    const { out } = await run("plan --plan plan.yaml");
    expect(out).toContain("\nuse ML training\ngates mine\n");
  });

  it("is decided in the verdict of a run", async () => {
    writeFileSync(join(cwd, "plan.yaml"), `${text}use: ML training\n${gate}\n`);
    const { out } = await run("validate --plan plan.yaml --json");
    expect(JSON.parse(out)).toMatchObject({
      foldVersion: "4",
      use: { use: "ML training", outcome: "NOT_PROVEN" },
      gates: [{ id: "mine", verdict: "not_tested" }],
    });
  });

  it.each([
    ["use: production\n", "use"],
    ["gates: []\n", "gates"],
    ['gates: [{ id: a, minScore: "200 %" }]\n', "LL_GATE_SHAPE gates.0.minScore"],
    ["gates: [{ id: a, minScore: 1 }, { id: a, minScore: 1 }]\n", "LL_GATE_SHAPE gates"],
    ["gates: none.yaml\n", "LL_GATE_FILE"],
  ])("%j is refused by name", async (more, said) => {
    writeFileSync(join(cwd, "plan.yaml"), text + more);
    const ended = await run("plan --plan plan.yaml");
    expect(ended.exit).toBe(78);
    expect(ended.err).toContain(said);
  });
});

describe("a run that is resumed", () => {
  it.each(used)("asks for the stack's credentials where %s", async (_, asked) => {
    const dir = await interrupted(storePlan(asked));
    const ended = await run(`validate --resume ${dir}`);
    expect(ended.exit).toBe(78);
    expect(ended.err).toContain("LL_STACK_SECRET stack.services.docs.token");
  });

  it.each(unused)("asks for no credential of the stack where %s", async (_, asked) => {
    const dir = await interrupted(storePlan(asked));
    const ended = await run(`validate --resume ${dir} --json`);
    expect(ended.err).not.toContain("LL_STACK_SECRET");
    expect(ended.exit).toBe(1);
    const claims = claimsOf(ended.out);
    expect(claims.get("http.alive")).toBe("failed");
    const skipped = [...claims].filter(([id]) => /^(stack|load)\./.test(id));
    expect(skipped.length).toBeGreaterThan(0);
    for (const [id, verdict] of skipped) expect(verdict, id).toBe("not_tested");
  });

  it("goes on with the credentials it is given and shows none of them", async () => {
    const dir = await interrupted(storePlan({ skip: "load" }));
    const ended = await run(`validate --resume ${dir} --json`, { DOCS_TOKEN: secret });
    expect(ended.exit).toBe(1);
    const stack = [...claimsOf(ended.out)].filter(([id]) => id.startsWith("stack."));
    expect(stack.some(([, verdict]) => verdict === "failed")).toBe(true);
    expect(ended.out + ended.err).not.toContain(secret);
  });

  describe("whose plan names keys", () => {
    const asked = { skip: "stack, load" };

    function storeSigned(folder: string): string {
      mkdirSync(join(cwd, folder), { recursive: true });
      storeKeyPair(join(cwd, folder), "mine");
      const text = readFileSync(storePlan(asked), "utf8");
      const path = join(cwd, folder, "plan.yaml");
      writeFileSync(path, `${text}signing: { keys: [mine.pem] }\n`);
      return path;
    }

    /** The run that went on, as `verify` sees it with the key of `folder`. */
    async function verified(folder: string): Promise<Ended> {
      const runs = readdirSync(join(cwd, ".loadline", "runs")).filter((one) => one.includes("-r0"));
      expect(runs).toHaveLength(1);
      const key = join(cwd, folder, "mine.pub.pem");
      return run(`verify .loadline/runs/${runs[0]} --keys ${key} --require-signature`);
    }

    it("is signed with them, from the folder where its command found the plan", async () => {
      for (const [folder, words] of [
        [".", undefined],
        ["plans", ["loadline", "validate", "--plan", "plans/plan.yaml"]],
        ["plans", ["loadline", "validate", "--plan=plans/plan.yaml"]],
      ] as const) {
        const dir = await interrupted(storeSigned(folder), words);
        const ended = await run(`validate --resume ${dir}`);
        expect([ended.exit, ended.err.includes("LL_")]).toEqual([1, false]);
        expect((await verified(folder)).out).toMatch(/signature/);
        expect((await verified(folder)).exit).toBe(0);
        rmSync(join(cwd, ".loadline"), { recursive: true });
      }
    });

    it("sends nothing when a key is not there any more", async () => {
      const dir = await interrupted(storeSigned("."));
      rmSync(join(cwd, "mine.pem"));
      const ended = await run(`validate --resume ${dir}`);
      expect(ended.err).toContain("LL_SIGN_KEY");
      expect(readdirSync(join(cwd, ".loadline", "runs"))).toHaveLength(1);
    });
  });

  it("looks for a secret's file from where the command is typed", async () => {
    writeFileSync(join(cwd, "docs.token"), `${secret}\n`);
    const dir = await interrupted(storePlan({ skip: "load" }, "${file:docs.token}"));
    const ended = await run(`validate --resume ${dir}`);
    expect(ended.err).not.toContain("LL_STACK_SECRET");
    expect(ended.exit).toBe(1);
  });
});

/** Verdicts of a printed verdict by claim. */
function claimsOf(out: string): ReadonlyMap<string, string> {
  const { claims } = JSON.parse(out) as { claims: { id: string; verdict: string }[] };
  return new Map(claims.map(({ id, verdict }) => [id, verdict]));
}
