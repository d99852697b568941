import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@loadline/kit/clock";
import { freePort, listenOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/tree.ts";
import { type Ended, runLine } from "../../packages/cli/test/run-line.ts";
import { emptyDir } from "./cli-process.ts";

const page = readFileSync(join(repositoryRoot, "docs/guides/troubleshooting.md"), "utf8");
const v1 = join(repositoryRoot, "packages/gateway/src/state/sqlite/v1.fixture.sql");

/** The commands of a part of the page, as they stand in it. */
function stepsOf(title: string): readonly string[] {
  const [, part = ""] = page.split(`\n## ${title}\n`);
  const [own = ""] = part.split("\n## ");
  return [...own.matchAll(/^```\n([^]*?)^```/gm)].flatMap(([, block = ""]) =>
    block.trim().split("\n"),
  );
}

/** A folder as a user has it, with a gateway's configuration in it. */
class World {
  readonly cwd = emptyDir();
  readonly env: Record<string, string> = {};
  port = 0;
  upstream = 0;

  static async make(): Promise<World> {
    const world = new World();
    world.port = await freePort();
    world.upstream = await freePort();
    world.write();
    return world;
  }

  write(limit = "limit"): void {
    const rows = [
      `listen: { port: ${this.port} }`,
      `stateDir: ${JSON.stringify(join(this.cwd, "state"))}`,
      "targets:",
      `  a: { provider: openai-compatible, model: m, baseUrl: "http://127.0.0.1:${this.upstream}/v1" }`,
      "routes: { chat: { models: [chat], groups: [{ targets: [a] }] } }",
      `limits: [{ scope: global, resource: requests, ${limit}: 100, period: 1m }]`,
    ];
    writeFileSync(join(this.cwd, "loadline.yaml"), `${rows.join("\n")}\n`);
  }

  /** Runs a command of the page. */
  run(command: string | undefined): Promise<Ended> {
    const [, line = ""] = /^loadline (.*)$/.exec(command ?? "") ?? [];
    return runLine(line, { cwd: this.cwd, env: this.env, clock: systemClock() });
  }
}

/** A server on a port that answers everything with this status. */
async function answering(port: number, status: number): Promise<AsyncDisposable> {
  const server = createServer((_, response) => response.writeHead(status).end("{}"));
  await listenOnLoopback(server, { port });
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** What is wrong, what the page's commands then say, and what they say once it is mended. */
const parts: Readonly<Record<string, (w: World, steps: readonly string[]) => Promise<void>>> = {
  async "The gateway does not start and names a key"(w, [check]) {
    w.write("limt");
    const wrong = await w.run(check);
    expect(wrong.exit).toBe(78);
    expect(wrong.err).toMatch(/LL_CONFIG_UNKNOWN_KEY .*limt.*"limit".*loadline\.yaml:6/);
    w.write();
    expect((await w.run(check)).exit).toBe(0);
  },
  async "The gateway does not start because its port is taken"(w, [doctor]) {
    {
      await using _other = await answering(w.port, 404);
      const taken = await w.run(doctor);
      expect(taken.out).toMatch(new RegExp(`^o api +127.0.0.1:${w.port}, .* answers 404$`, "m"));
    }
    expect((await w.run(doctor)).out).toMatch(/^o api .*ECONNREFUSED/m);
  },
  async "The store is of another version"(w, [doctor]) {
    const state = join(w.cwd, "state");
    mkdirSync(state);
    {
      using db = new DatabaseSync(join(state, "loadline.db"));
      db.exec(readFileSync(v1, "utf8"));
    }
    writeFileSync(join(state, "pepper"), `${"a".repeat(64)}\n`, { mode: 0o600 });
    const behind = await w.run(doctor);
    expect(behind.exit).toBe(3);
    expect(behind.out).toMatch(/^x schema +1, this build's 2: every step to 2 was tried/m);
    // What opens the store takes the steps, as a start does.
    expect((await w.run("loadline keys list --config loadline.yaml")).err).toBe("");
    expect((await w.run(doctor)).out).toMatch(/^\+ schema +2 of 2/m);
    {
      using db = new DatabaseSync(join(state, "loadline.db"));
      db.exec("UPDATE store_facts SET value = '9' WHERE name = 'schema.readableFrom'");
    }
    const ahead = await w.run(doctor);
    expect([ahead.exit, /^x schema .*LL_STATE_SCHEMA_NEWER/m.test(ahead.out)]).toEqual([3, true]);
  },
  async "A call gets 401"(w, [check, create]) {
    w.env["LOADLINE_API_KEY"] = "ll_local_nothing";
    const refused = await w.run(check);
    expect(refused.exit).toBe(1);
    expect(refused.out).toMatch(/^refused: LL_AUTH_/);
    const made = await w.run(create);
    const [key = ""] = /ll_local_\w+/.exec(made.out) ?? [];
    w.env["LOADLINE_API_KEY"] = key;
    const good = await w.run(check);
    expect([good.exit, good.out.startsWith("good: key ")]).toEqual([0, true]);
  },
  async "A call gets 502 or 503"(w, [doctor]) {
    expect((await w.run(doctor)).out).toMatch(/^o target a +openai-compatible, .*: connect$/m);
    for (const [status, line] of [
      [401, /^o target a .*answers 401: its key is refused$/m],
      [500, /^o target a .*answers 500$/m],
      [200, /^\+ target a .*answers 200$/m],
    ] as const) {
      await using _upstream = await answering(w.upstream, status);
      expect((await w.run(doctor)).out).toMatch(line);
    }
  },
  async "A verdict is NOT_PROVEN"(w, [doctor, plan]) {
    const target = {
      url: `http://127.0.0.1:${w.upstream}/v1`,
      model: "m",
      apiKeyEnv: "TARGET_KEY",
    };
    const load = { ratePerSecond: 1, durationSeconds: 5 };
    writeFileSync(join(w.cwd, "plan.yaml"), JSON.stringify({ target, load }));
    const looked = await w.run(doctor);
    expect(looked.out).toMatch(/^o target +127\.0\.0\.1:\d+ does not listen$/m);
    expect(looked.out).toMatch(/^o api key +TARGET_KEY is not set: the run is refused$/m);
    expect(looked.out).toMatch(/^o claim +load\./m);
    const [, lacking = "none"] = /^o claim +(load\.\S+):/m.exec(looked.out) ?? [];
    w.env["TARGET_KEY"] = "of-nobody";
    expect((await w.run(plan)).out).toContain(lacking);
    const again = await w.run(doctor);
    expect(again.out).toMatch(/^\+ api key +TARGET_KEY is set$/m);
    expect(again.out).not.toContain("of-nobody");
  },
};

describe("docs/guides/troubleshooting.md", () => {
  it("has a case here for each of its parts, and each has steps", () => {
    const titles = [...page.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title);
    expect(titles).toEqual(Object.keys(parts));
    for (const title of titles) expect(stepsOf(title).length, title).toBeGreaterThan(0);
  });

  it.each(Object.entries(parts))(
    "%s: its steps say what is wrong, and that it is mended [R1-41]",
    async (title, run) => {
      const world = await World.make();
      await run(world, stepsOf(title));
      rmSync(world.cwd, { recursive: true, force: true });
    },
    90_000,
  );
});
