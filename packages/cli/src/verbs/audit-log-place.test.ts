import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { createGateway, loadConfig, operator } from "@loadline/gateway";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyDir } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";

/** A gateway's log of `keys` created keys in this state directory, without signed heads. */
async function record(stateDir: string, keys: number): Promise<void> {
  const config = loadConfig(undefined, {}, { stateDir, listen: { port: 0 } });
  const deps = { clock: systemClock(), random: systemRandom(), log: () => undefined };
  const gateway = await createGateway(config, deps);
  for (let i = 0; i < keys; i++)
    await gateway.identity.keys.create(operator(), { name: `k${i}`, tenantId: "default" });
  await gateway.close({ graceMs: 0 });
}

beforeAll(async () => {
  cwd = emptyDir();
  await record(join(cwd, ".loadline"), 1);
  await record(join(cwd, "served"), 3);
  writeFileSync(join(cwd, "loadline.yaml"), `stateDir: ${join(cwd, "served")}\n`);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const audit = (line: string): Promise<Ended> => runLine(`audit-log ${line}`, { cwd });
const created = ({ out }: Ended): number => out.split('"action":"key.created"').length - 1;
/** The key that a new store begins with is an entry, too. */
const withFirst = (keys: number): number => keys + 1;
const query = "query --tenant default --action key.created";

describe("which log is read", () => {
  it("that of ./.loadline unless told otherwise", async () => {
    expect(created(await audit(query))).toBe(withFirst(1));
  });

  it("that of the configuration's state directory, as the gateway wrote it", async () => {
    expect(created(await audit(`${query} --config loadline.yaml`))).toBe(withFirst(3));
  });

  it("that of --state, whatever the configuration says", async () => {
    expect(created(await audit(`${query} --config loadline.yaml --state .loadline`))).toBe(
      withFirst(1),
    );
  });

  it("a directory that holds none is named, and none is made there", async () => {
    const { exit, err } = await audit("query --state nowhere");
    expect(exit).toBe(3);
    expect(err).toMatch(/LL_AUDITLOG_UNREADABLE .*nowhere holds no database/);
    expect(() => statSync(join(cwd, "nowhere"))).toThrow("ENOENT");
  });
});

describe("a log without signed heads", () => {
  it("needs no key to be read through: not provable, exit 2, and never intact", async () => {
    const { exit, out, err } = await audit("verify");
    expect([exit, err]).toEqual([2, ""]);
    expect(out).toMatch(/^not provable: \d+ entries of \d+ tenants, 0 covered by signed heads/);
  });

  it("with heads or a key named, a key that is missing is an error", async () => {
    writeFileSync(join(cwd, "heads.ndjson"), "");
    for (const line of ["verify --heads heads.ndjson", "verify --key gone.pem"]) {
      const { exit, out, err } = await audit(line);
      expect([exit, out]).toEqual([3, ""]);
      expect(err).toContain("LL_AUDITLOG_PUBLIC_KEY");
    }
  });

  it("that was changed is tampered with, key or no key", async () => {
    const dir = join(cwd, "changed");
    await record(dir, 2);
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(join(dir, "loadline.db"));
    db.exec("UPDATE audit_entries SET entry = replace(entry, 'k1', 'k9')");
    db.close();
    const { exit, out } = await audit("verify --state changed");
    expect([exit, out]).toEqual([1, expect.stringMatching(/^tampered: default seq \d+: /)]);
  });
});

describe("export", () => {
  it("is an entry a line, and one list with --json", async () => {
    const lines = (await audit("export --tenant default")).out.trimEnd().split("\n");
    const { out } = await audit("export --tenant default --json");
    expect(JSON.parse(out)).toEqual(lines.map((line) => JSON.parse(line) as unknown));
    expect(lines.length).toBeGreaterThan(0);
  });

  it("of no entries is an empty list, not nothing", async () => {
    const { out } = await audit("export --tenant nobody --json");
    expect(JSON.parse(out)).toEqual([]);
  });

  it("into a file is for its owner alone, and --json says how many and where", async () => {
    const { exit, out } = await audit("export --tenant default --out log.ndjson --json");
    const file = join(cwd, "log.ndjson");
    const count = readFileSync(file, "utf8").trimEnd().split("\n").length;
    expect([exit, JSON.parse(out)]).toEqual([0, { entries: count, file }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each(["folder", "gone/log.ndjson"])(
    "into %s is refused as unwritable: exit 78",
    async (out) => {
      mkdirSync(join(cwd, "folder"), { recursive: true });
      const ended = await audit(`export --out ${out}`);
      expect([ended.exit, ended.out]).toEqual([78, ""]);
      expect(ended.err).toMatch(/LL_CLI_WRITE .*cannot be written \((EISDIR|ENOENT)\)\. Check/);
    },
  );
});
