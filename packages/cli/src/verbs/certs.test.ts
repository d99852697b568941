import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAuthority } from "../../../testkit/src/authority/index.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

const dayMs = 86_400_000;
const authority = createAuthority("ours");
const nowMs = Math.floor(Date.now() / 1000) * 1000;

let cwd = "";
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), "ll-certs-"))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const run = (line: string): Promise<Ended> => runLine(line, { cwd, clock: new TestClock(nowMs) });

/** Writes a pair of this name whose end lies that many days away. */
function pair(name: string, days: number, hosts: readonly string[] = [name]): void {
  const untilMs = nowMs + days * dayMs;
  const { cert, key } = authority.issue({ purpose: "server", hosts, untilMs });
  writeFileSync(join(cwd, `${name}.crt`), cert);
  writeFileSync(join(cwd, `${name}.key`), key);
}

function configure(first: string, ...further: readonly string[]): void {
  const entry = (name: string): string =>
    `{cert: ${join(cwd, `${name}.crt`)}, key: ${join(cwd, `${name}.key`)}}`;
  const text = `tls: {files: ${entry(first)}, certificates: [${further.map(entry).join(", ")}]}\n`;
  writeFileSync(join(cwd, "loadline.yaml"), text);
}

describe("certs show", () => {
  it("prints each certificate of the configuration with names, key, days and thumbprint, and no key", async () => {
    pair("a.test", 60);
    pair("b.test", 20);
    configure("a.test", "b.test");
    const { exit, out, err } = await run("certs show --config loadline.yaml");
    expect([exit, err]).toEqual([0, ""]);
    expect(out).toMatch(/^tls\.files\.cert {2}\S+a\.test\.crt$/m);
    expect(out).toMatch(/^tls\.certificates\[0\]\.cert {2}\S+b\.test\.crt$/m);
    expect(out).toMatch(/^ {5}DNS:b\.test, IP Address:127\.0\.0\.1$/m);
    expect(out).toMatch(/^ {5}EC P-256, by CN=ours$/m);
    expect(out).toMatch(/^ {5}good: \S+ to \S+, 60 days left$/m);
    expect(out.match(/sha256:[0-9a-f]{64}/g)).toHaveLength(2);
    expect(out).not.toContain("PRIVATE");
  });

  it("prints those of files, ended ones too, as one document with --json", async () => {
    pair("a.test", -3);
    writeFileSync(join(cwd, "ca.pem"), authority.cert);
    const { exit, out, err } = await run("certs show a.test.crt ca.pem --json");
    expect([exit, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({
      days: 7,
      ok: false,
      certificates: [
        { at: "a.test.crt", position: 1, state: "ended", daysLeft: -3, isAuthority: false },
        { at: "ca.pem", subject: "CN=ours", isAuthority: true },
      ],
    });
  });

  it("says that there is none where nothing serves TLS", async () => {
    const { exit, out } = await run("certs show");
    expect([exit, out]).toEqual([0, expect.stringContaining("the gateway serves plain HTTP")]);
  });
});

describe("certs check", () => {
  it("ends with 0 while all are good, with 1 when one of them ends within the days asked", async () => {
    pair("a.test", 60);
    pair("b.test", 20);
    configure("a.test", "b.test");
    expect((await run("certs check --config loadline.yaml")).exit).toBe(0);
    const soon = await run("certs check --config loadline.yaml --days 30");
    expect(soon.exit).toBe(1);
    expect(soon.out).toMatch(/^ {5}ending: .*, 20 days left$/m);
    expect((await run("certs check a.test.crt --days 30")).exit).toBe(0);
  });

  it("what the gateway would not start with is refused by its code: exit 78", async () => {
    pair("a.test", 60);
    pair("b.test", -1);
    configure("a.test", "b.test");
    const ended = await run("certs check --config loadline.yaml");
    expect([ended.exit, ended.out]).toEqual([78, ""]);
    expect(ended.err).toMatch(
      /^LL_TLS_VALIDITY tls\.certificates\[0\]\.cert: CN=server is valid to/,
    );
    expect((await run("certs check b.test.crt")).exit).toBe(1);
    configure("a.test");
    writeFileSync(join(cwd, "a.test.key"), "no key");
    expect((await run("certs check --config loadline.yaml")).err).toMatch(/^LL_TLS_KEY/);
  });

  it("nothing to look at is no pass: exit 78, and what to name", async () => {
    const { exit, err } = await run("certs check");
    expect(exit).toBe(78);
    expect(err).toMatch(/^LL_TLS_NONE .*\n?.*PEM files/);
  });

  it.each([
    ["certs check none.crt", 78, "LL_TLS_FILE none.crt"],
    ["certs check a.test.key", 78, "LL_TLS_CERTIFICATE a.test.key"],
    ["certs check a.test.crt --days soon", 64, "LL_CLI_VALUE"],
    ["certs look", 64, "LL_CLI_VALUE"],
    ["certs", 64, "LL_CLI_ARGUMENT"],
  ])("%s: exit %i, %s", async (line, exit, text) => {
    pair("a.test", 60);
    const ended = await run(line);
    expect([ended.exit, ended.out]).toEqual([exit, ""]);
    expect(ended.err).toContain(text);
  });
});
