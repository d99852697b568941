import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyDir } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";
beforeEach(() => void (cwd = emptyDir()));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const config = (line: string, env: Record<string, string> = {}): Promise<Ended> =>
  runLine(`config ${line}`, { cwd, env });
const file = (text: string): void => writeFileSync(join(cwd, "loadline.yaml"), text);
const given = "--config loadline.yaml";

type Json = Readonly<Record<string, unknown>>;
const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((one, name) => (one as Json)[name], value);

describe("config schema", () => {
  it("prints one JSON Schema with every area of the configuration", async () => {
    const { exit, out, err } = await config("schema");
    expect([exit, err]).toEqual([0, ""]);
    const schema: unknown = JSON.parse(out);
    expect(Object.keys(at(schema, "properties") as Json)).toEqual(
      expect.arrayContaining(["listen", "targets", "routes", "auth", "stores", "tls"]),
    );
    expect(at(schema, "additionalProperties")).toBe(false);
  });

  it("where a secret stands a file has a reference: a text, never just anything", async () => {
    const { out } = await config("schema");
    const schema: unknown = JSON.parse(out);
    const peppers = at(schema, "properties", "auth", "properties", "peppers");
    expect(at(peppers, "additionalProperties")).toMatchObject({ type: "string" });
    expect(out).not.toContain("Custom types");
  });

  it("knows what a target of each provider may hold, and nothing else", async () => {
    const schema: unknown = JSON.parse((await config("schema")).out);
    const target = at(schema, "properties", "targets", "additionalProperties", "anyOf");
    const shapes = (Array.isArray(target) ? target : []) as readonly Json[];
    const compatible = shapes.find(
      (shape) => at(shape, "properties", "provider", "const") === "openai-compatible",
    );
    expect(shapes.length).toBeGreaterThan(5);
    expect(at(compatible, "additionalProperties")).toBe(false);
    expect(at(compatible, "properties", "keys", "items")).toMatchObject({ type: "string" });
    expect(Object.keys(at(compatible, "properties") as Json)).toEqual(
      expect.arrayContaining(["baseUrl", "model", "weight", "maxInFlight"]),
    );
  });

  it("is the same with --json, which is what it prints anyway", async () => {
    expect((await config("schema --json")).out).toBe((await config("schema")).out);
  });
});

describe("config show", () => {
  const values = async (line: string, env = {}): Promise<unknown> =>
    at(JSON.parse((await config(`${line} --json`, env)).out), "values");

  it("a flag wins over the environment, the environment over the file, the file over defaults", async () => {
    file("listen: { port: 8101 }\n");
    const port = async (line: string, env = {}): Promise<unknown> =>
      at(await values(line, env), "listen", "port");
    expect(await port("show")).toBe(8080);
    expect(await port(`show ${given}`)).toBe(8101);
    expect(await port(`show ${given}`, { LOADLINE_LISTEN_PORT: "8102" })).toBe(8102);
  });

  it("each value stands behind its source, the same as in the document of --json", async () => {
    file("listen:\n  port: 8101\n");
    const env = { LOADLINE_LOG_LEVEL: "warn" };
    const lines = (await config(`show ${given}`, env)).out.split("\n");
    expect(lines).toContain("file:2              listen.port = 8101");
    expect(lines).toContain('LOADLINE_LOG_LEVEL  log.level = "warn"');
    expect(lines).toContain('default             listen.host = "127.0.0.1"');
    const document: unknown = JSON.parse((await config(`show ${given} --json`, env)).out);
    const sources = at(document, "sources") as Json;
    expect(sources["listen.port"]).toBe("file:2");
    expect(Object.keys(sources)).toHaveLength(lines.filter((line) => line !== "").length);
  });

  it("what the command brings along without a file is built in, what a flag says is a flag's", async () => {
    const { out } = await config("show");
    expect(out).toMatch(/^built in +targets\.tiny-a\.provider = "llama"$/m);
    expect(out).toMatch(/^built in +stateDir = /m);
    expect((await config("show --state here")).out).toMatch(/^flag +stateDir = /m);
  });

  it("no secret of the file or the environment is in it", async () => {
    const pepper = "0123456789abcdef0123456789abcdef";
    file("auth: { peppers: { 2: '${env:PEPPER}' } }\n");
    for (const line of [`show ${given}`, `show ${given} --json`]) {
      const { exit, out } = await config(line, { PEPPER: pepper });
      expect(exit).toBe(0);
      expect(out).toContain('"***"');
      expect(out).not.toContain(pepper);
    }
  });

  it("the state directory is that of --state, else the variable's, else the file's, else the folder's own", async () => {
    file("stateDir: /var/lib/loadline\n");
    const dir = async (line: string, env = {}): Promise<unknown> =>
      at(await values(line, env), "stateDir");
    expect(await dir("show")).toBe(join(cwd, ".loadline"));
    expect(await dir(`show ${given}`)).toBe("/var/lib/loadline");
    const env = { LOADLINE_STATE_DIR: join(cwd, "there") };
    expect(await dir("show", env)).toBe(join(cwd, "there"));
    expect(await dir(`show ${given}`, env)).toBe(join(cwd, "there"));
    expect(await dir(`show ${given} --state here`, env)).toBe(join(cwd, "here"));
  });
});

describe("config check", () => {
  it("a file that holds is told with what it has, exit 0", async () => {
    file("listen: { port: 8101 }\n");
    const { exit, out } = await config(`check ${given}`);
    expect(exit).toBe(0);
    expect(out).toMatch(/^the configuration holds: \d+ targets, \d+ routes\n/);
    expect(JSON.parse((await config(`check ${given} --json`)).out)).toMatchObject({ ok: true });
  });

  it.each([
    ["listenn: {}\n", /LL_CONFIG_UNKNOWN_KEY listenn: .*"listen".*loadline\.yaml:1/],
    ["\n\nlisten:\n  prt: 1\n", /LL_CONFIG_UNKNOWN_KEY .*prt.*"port".*loadline\.yaml:4/],
    ["listen: [\n", /LL_CONFIG_SYNTAX .*loadline\.yaml:\d/],
    ["listen: { port: many }\n", /LL_CONFIG_.*listen\.port.*loadline\.yaml:1/],
    ["listen: { port: 70000 }\n", /LL_CONFIG_.*listen\.port/],
    ["auth: { peppers: { 2: '${env:GONE}' } }\n", /LL_CONFIG_.*GONE/],
  ])("%j is refused with key and line, exit 78, and prints no document", async (text, message) => {
    file(text);
    const { exit, out, err } = await config(`check ${given} --json`);
    expect([exit, out]).toEqual([78, ""]);
    expect(err).toMatch(message);
  });

  it("a file that is not there, or a folder, is named with the reason", async () => {
    mkdirSync(join(cwd, "loadline.yaml"));
    const folder = await config(`check ${given}`);
    const gone = await config("check --config gone.yaml");
    expect([folder.exit, gone.exit]).toEqual([78, 78]);
    expect(folder.err).toMatch(/LL_CONFIG_FILE .*cannot be read \(EISDIR\)/);
    expect(gone.err).toMatch(/LL_CONFIG_FILE .*gone\.yaml cannot be read \(ENOENT\)/);
  });

  it("a subcommand that is none is refused with the nearest", async () => {
    const { exit, err } = await config("chekc");
    expect([exit, err]).toEqual([64, expect.stringContaining('Did you mean "check"?')]);
  });
});
