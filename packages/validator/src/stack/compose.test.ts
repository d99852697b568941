import { chmod, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { composeProject } from "./compose/project.ts";
import type { StackRule } from "./probe.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { startComposeTwin } from "./stubs/compose.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("compose", startComposeTwin);

async function told(
  check: string,
  rules: readonly StackRule[],
  more: object = {},
): Promise<string> {
  const { words, sentences } = await againstTwin(startComposeTwin, rules, { ...more });
  return `${words[`it.${check}`]}: ${sentences[`it.${check}`]}`;
}

const state = (name: string, over: object): StackRule => ({
  when: `inspect ${name}`,
  reply: JSON.stringify({ State: over }),
});

describe("a service of a compose project [R4-32]", () => {
  it.each([
    ["that ended", { Status: "exited", ExitCode: 137 }, "shop-api-1 is exited, exit code 137"],
    ["that restarts", { Status: "restarting", ExitCode: 1 }, "shop-api-1 is restarting"],
    ["that still starts", { Health: { Status: "starting" } }, "says starting"],
    ["that is unhealthy", { Health: { Status: "unhealthy" } }, "says unhealthy"],
  ])("%s is not healthy", async (_, over, said) => {
    expect(await told("healthy", [state("api", over)])).toMatch(/^failed false: .*0 of 1/);
    expect(await told("healthy", [state("api", over)])).toContain(said);
  });

  it("without a container is a failure, and its log is none", async () => {
    const rules = [{ when: "inspect api", reply: "" }];
    expect(await told("healthy", rules)).toMatch(/^failed false: .*shop has no container of it/);
    expect(await told("logs", rules)).toMatch(
      /^not_tested capability_missing: api: It has no container/,
    );
  });

  it("that runs without a health check is not tested, never healthy", async () => {
    const rules = [state("api", { Health: { Status: "" } })];
    const said = await told("healthy", rules);
    expect(said).toMatch(/^not_tested capability_missing: api: .*has no health check/);
    const both = [...rules, state("db", { Health: { Status: "unhealthy" } })];
    expect(await told("healthy", both)).toMatch(/^failed false: .*0 of 1 .*shop-db-1/);
  });

  it("that is to have more containers than are there is not healthy, however well those are", async () => {
    expect(await told("healthy", [], { replicas: { api: 1, db: 1 } })).toMatch(/^passed/);
    const said = await told("healthy", [], { replicas: { api: 3 } });
    expect(said).toMatch(
      /^failed false: .*1 of 3 containers are in order, 1 are there: shop-api-1/,
    );
    const sick = [state("api", { Health: { Status: "unhealthy" } })];
    expect(await told("healthy", sick, { replicas: { api: 2 } })).toMatch(
      /^failed .*0 of 2 .*1 are/,
    );
    // Who starts it again has another container of it, or the same one.
    expect(await told("healthy", [], { replicas: { migrate: 2 } })).toMatch(/^passed/);
  });

  it("that is to end has ended with 0, and one that runs on has not", async () => {
    expect(await told("healthy", [state("migrate", { ExitCode: 1 })])).toMatch(/^failed .*code 1/);
    expect(await told("healthy", [state("migrate", { Status: "running" })])).toMatch(/^failed/);
    expect(await told("healthy", [], { completed: [] })).toMatch(/^failed .*migrate-1 is exited/);
  });
});

describe("logs of a compose project [R4-32]", () => {
  it("are read on both streams, and a known error is accepted by its signature", async () => {
    const rules = [{ when: "errors db", reply: "FATAL: disk 7 full" }];
    expect(await told("logs", rules)).toMatch(/^failed false: .*2 lines, 1 signatures/);
    expect(await told("logs", rules, { known: ["FATAL: disk # full"] })).toMatch(/^passed/);
  });

  it("that are empty, or that the driver lets nobody read, tell of no errors", async () => {
    const rules = [{ when: "logs api", reply: "" }];
    expect(await told("logs", rules)).toMatch(/^not_tested .*api: It has written no line/);
    await using twin = await startComposeTwin([]);
    const engine = String(twin.service["engine"]);
    const words = "Error: configured logging driver does not support reading";
    const lines = ["#!/bin/sh", `if [ "$1" = logs ]; then echo "${words}" >&2; exit 1; fi`];
    await writeFile(`${engine}-mute`, [...lines, `exec "${engine}" "$@"`].join("\n"));
    await chmod(`${engine}-mute`, 0o755);
    const services = { it: { ...twin.service, engine: `${engine}-mute` } };
    const mute = await runStackPlan({ timeoutMs: 5_000, services });
    expect(mute.words["it.healthy"]).toBe("passed");
    expect(mute.words["it.logs"]).toBe("not_tested capability_missing");
    expect(mute.sentences["it.logs"]).toContain("does not support reading");
  });
});

describe("what an engine tells at length", () => {
  it("a log beyond what is read is not tested, never clean, and an error in it counts [R4-32]", async () => {
    await using twin = await startComposeTwin([{ when: "errors db", reply: "FATAL: disk 7 full" }]);
    const engine = String(twin.service["engine"]);
    const info = 'yes "level=info msg=started" | head -c 17000000';
    const long = `if [ "$1-$4" = logs-api ]; then ${info}; exit 0; fi`;
    await writeFile(`${engine}-long`, `#!/bin/sh\n${long}\nexec "${engine}" "$@"\n`);
    await chmod(`${engine}-long`, 0o755);
    const of = async (services: readonly string[]): Promise<string> => {
      const it_ = { ...twin.service, services, completed: [], engine: `${engine}-long` };
      const { words, sentences } = await runStackPlan({
        timeoutMs: 30_000,
        services: { it: it_ },
      });
      return `${words["it.logs"]}: ${sentences["it.logs"]}`;
    };
    expect(await of(["api"])).toMatch(/^not_tested .*that were read hold no error, and more were/);
    expect(await of(["api", "db"])).toMatch(/^failed false: .*db/);
  }, 60_000);

  it("many containers are asked for in turn, all of them", async () => {
    await using twin = await startComposeTwin([]);
    const engine = String(twin.service["engine"]);
    const program = `
const [, , verb, ...words] = process.argv;
const ids = Array.from({ length: 120 }, (_, at) => "c" + at);
const one = (id) => ({
  Id: id, Name: "/" + id, State: { Status: "running", Health: { Status: "healthy" } },
  Config: { Labels: { "com.docker.compose.service": id }, Env: ["x".repeat(200_000)] },
});
const asked = words.filter((word) => ids.includes(word));
process.stdout.write(verb === "ps" ? ids.join("\\n") : verb === "logs" ? "ok" : JSON.stringify(asked.map(one)));
`;
    await writeFile(`${engine}.mjs`, program);
    await writeFile(engine, `#!/bin/sh\nexec "${process.execPath}" "${engine}.mjs" "$@"\n`);
    const it_ = { ...twin.service, services: ["c0", "c60", "c119"], completed: [], engine };
    const { words, sentences } = await runStackPlan({ timeoutMs: 30_000, services: { it: it_ } });
    expect(words["it.healthy"], sentences["it.healthy"]).toBe("passed");
    await writeFile(engine, `#!/bin/sh\necho c1\n`);
    const other = await runStackPlan({ timeoutMs: 30_000, services: { it: it_ } });
    expect(other.sentences["it.healthy"]).toContain("inspect wrote no JSON");
  }, 60_000);
});

describe("an engine", () => {
  it("that is not on this machine leaves all of it not tested, by name [R4-32]", async () => {
    const more = { engine: "/nowhere/docker" };
    const { words, sentences, exitCode } = await againstTwin(startComposeTwin, [], more);
    expect(words).toEqual({
      "it.healthy": "not_tested tool_missing",
      "it.logs": "not_tested tool_missing",
    });
    expect(sentences["it.healthy"]).toContain("/nowhere/docker is not on this machine");
    expect(exitCode).toBe(2);
  });

  it("without its daemon is a missing tool, one that refuses is a failure", async () => {
    await using twin = await startComposeTwin([]);
    const engine = String(twin.service["engine"]);
    for (const [said, word] of [
      [
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock",
        "not_tested tool_missing",
      ],
      ["permission denied", "failed false"],
    ] as const) {
      await writeFile(engine, `#!/bin/sh\necho "${said}" >&2; exit 1\n`);
      const { words } = await runStackPlan({ timeoutMs: 5_000, services: { it: twin.service } });
      expect(words["it.healthy"]).toBe(word);
    }
  });

  it("of another project has no container of this one", async () => {
    expect(await told("healthy", [], { project: "other" })).toMatch(/^failed .*no container of it/);
  });
});

describe("a compose file as a project", () => {
  it("is named by the file, or else by its folder as compose writes it", () => {
    const text = "services: { api: {} }";
    expect(composeProject(text, "/srv/_My Shop.v2").project).toBe("myshopv2");
    expect(composeProject(`name: shop\n${text}`, "/srv/other").project).toBe("shop");
    expect(composeProject(`name: \${NAME:-shop}\n${text}`, "/srv/other").project).toBe("shop");
  });

  it("has its services, those that are to end, and by name those without a container", () => {
    const read = composeProject(
      `
services:
  api: { depends_on: { migrate: { condition: service_completed_successfully }, db: {} } }
  migrate: {}
  db: {}
  debug: { profiles: [tools, full] }
  spare: { deploy: { replicas: 0 } }
include: [more.yaml]
`,
      "/srv/shop",
    );
    expect(read).toEqual({
      project: "shop",
      services: ["api", "migrate", "db"],
      completed: ["migrate"],
      replicas: {},
      notes: [
        "debug: of a profile (tools, full), so it was left out.",
        "spare: scaled to 0, so it was left out.",
        "include: not read; services of other files are left out.",
      ],
    });
  });

  it("tells how many containers each service is to have, as far as the file knows it", () => {
    const { replicas, notes } = composeProject(
      `
services:
  api: { deploy: { replicas: 3 } }
  web: { scale: "\${WEB:-2}" }
  one: { deploy: { replicas: 1 } }
  open: { scale: "\${MANY}" }
  odd: { scale: many }
  off: { scale: 0 }
`,
      "/srv/shop",
    );
    expect(replicas).toEqual({ api: 3, web: 2 });
    expect(notes).toEqual([
      "off: scaled to 0, so it was left out.",
      "open: how many containers it has is left open, so one is asked for.",
    ]);
  });
});
