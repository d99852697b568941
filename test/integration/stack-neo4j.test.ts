import { type ChildProcess, execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@loadline/kit/clock";
import { removeFolder } from "../../packages/testkit/src/remove-folder.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endChild, eventually, freePort, spawnHeld } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["neo4j"], { rows: ["R2-33", "R2-57"] });
const run = promisify(execFile);
const password = randomBytes(12).toString("hex");

/** Loopback only, nothing sent to its maker. */
const conf = (bolt: number, http: number): string => `server.default_listen_address=127.0.0.1
server.default_advertised_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:${bolt}
server.bolt.advertised_address=127.0.0.1:${bolt}
server.http.listen_address=127.0.0.1:${http}
server.http.advertised_address=127.0.0.1:${http}
server.https.enabled=false
dbms.usage_report.enabled=false
server.memory.heap.max_size=256m
server.memory.pagecache.size=32m
`;

describe.skipIf(parts.missing)("the checks of a real Neo4j", () => {
  const home = mkdtempSync(join(tmpdir(), "loadline-neo4j-"));
  let child: ChildProcess;
  let url = "";

  beforeAll(async () => {
    const [bolt, http] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${http}`;
    for (const one of ["conf", "data", "logs", "run"]) mkdirSync(join(home, one));
    writeFileSync(join(home, "conf/neo4j.conf"), conf(bolt, http));
    const env = { ...process.env, NEO4J_HOME: home, NEO4J_CONF: join(home, "conf") };
    const { path } = parts.found("neo4j");
    await run(path, ["admin", "dbms", "set-initial-password", password], { env });
    child = spawnHeld(path, ["run", home], { env, stdio: "ignore" });
    const authorization = `Basic ${Buffer.from(`neo4j:${password}`).toString("base64")}`;
    const headers = { authorization, "content-type": "application/json" };
    const ask = { method: "POST", headers, body: JSON.stringify({ statement: "RETURN 1" }) };
    const isUp = () =>
      fetch(`${url}/db/neo4j/query/v2`, ask).then(
        (response) => response.status === 202,
        () => false,
      );
    await eventually(systemClock(), isUp, 300_000);
  }, 360_000);
  afterAll(async () => {
    await endChild(child);
    removeFolder(home);
  }, 30_000);

  const check = (word: string, version: string): Promise<Record<string, string>> =>
    claimsOf(
      { kind: "neo4j", url, user: "neo4j", password: "${env:WORD}", version },
      { secrets: { WORD: word }, timeoutMs: 30_000 },
    );

  it("all pass: a node is written, found and gone, and nobody comes in without the password", async () => {
    const said = await check(password, "5.26");
    for (const [id, text] of Object.entries(said)) expect([id, text]).toEqual([id, pass(text)]);
    expect(said["read_back"]).toContain("1 nodes after CREATE, 0 after DELETE");
    expect(said["locked"]).toContain("401");
  }, 120_000);

  it("a wrong password and another version are failures, named", async () => {
    const said = await check("another-word", "4.4");
    expect(said["login"]).toMatch(/^failed false: RETURN 1 was answered with 401/);
    expect(said["version"]).toMatch(/^failed false: It says version 5\.26\.0/);
    expect(said["read_back"]).toMatch(/^not_tested baseline_broken/);
  }, 120_000);
});

/** The text where it says passed, else what was wanted. */
const pass = (text: string): string => (text.startsWith("passed") ? text : "passed");
