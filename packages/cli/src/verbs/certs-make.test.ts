import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ended, runLine } from "../../test/run-line.ts";

const nowMs = Math.floor(Date.now() / 1000) * 1000;
let cwd = "";
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), "ll-make-"))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const run = (line: string): Promise<Ended> => runLine(line, { cwd, clock: new TestClock(nowMs) });
const modeOf = (name: string): number => statSync(join(cwd, name)).mode & 0o777;
const textOf = (name: string): string => readFileSync(join(cwd, name), "utf8");

describe("certs ca and certs issue", () => {
  it("make an authority and a server's pair that `certs check` and the gateway's checks take", async () => {
    expect(await run("certs ca --out tls")).toMatchObject({ exit: 0, err: "" });
    const issued = await run("certs issue a.test --host a.test,127.0.0.1 --out tls --json");
    expect(JSON.parse(issued.out)).toEqual({
      cert: join(cwd, "tls/a.test.crt"),
      key: join(cwd, "tls/a.test.key"),
    });
    expect(readdirSync(join(cwd, "tls")).toSorted()).toEqual([
      "a.test.crt",
      "a.test.key",
      "ca.crt",
      "ca.key",
    ]);
    const files = { cert: join(cwd, "tls/a.test.crt"), key: join(cwd, "tls/a.test.key") };
    writeFileSync(join(cwd, "loadline.yaml"), `tls: ${JSON.stringify({ files })}\n`);
    const checked = await run("certs check --config loadline.yaml --days 89");
    expect([checked.exit, checked.err]).toEqual([0, ""]);
    expect(checked.out).toMatch(/DNS:a\.test, IP Address:127\.0\.0\.1/);
    expect(checked.out).toMatch(/EC P-256, by CN=Loadline local authority/);
    expect(checked.out).toContain("90 days left");
  });

  it("keep keys to their owner and never print them", async () => {
    const ended = [await run("certs ca --out tls"), await run("certs issue a --out tls")];
    expect(["tls", "tls/ca.key", "tls/a.key", "tls/ca.crt"].map(modeOf)).toEqual([
      0o700, 0o600, 0o600, 0o644,
    ]);
    expect(ended.map(({ out, err }) => out + err).join("")).not.toContain("PRIVATE");
  });

  it("overwrite nothing, not even one file of a pair", async () => {
    await run("certs ca --out tls");
    const before = textOf("tls/ca.key");
    const again = await run("certs ca --out tls");
    expect([again.exit, again.out]).toEqual([78, ""]);
    expect(again.err).toMatch(/^LL_TLS_EXISTS .*ca\.crt, .*ca\.key/);
    expect(textOf("tls/ca.key")).toBe(before);
    writeFileSync(join(cwd, "tls/a.crt"), "mine");
    expect((await run("certs issue a --out tls")).exit).toBe(78);
    expect([textOf("tls/a.crt"), existsSync(join(cwd, "tls/a.key"))]).toEqual(["mine", false]);
  });

  it("issue from an authority elsewhere, by its own key, for a client and with ML-DSA", async () => {
    await run('certs ca --out roots --alg ml-dsa-65 --name "Our roots" --days 100');
    const line = "certs issue svc --client --uri spiffe://example.org/svc --ca roots --out clients";
    expect(await run(`${line} --days 100`)).toMatchObject({ exit: 0, err: "" });
    const { out } = await run("certs show clients/svc.crt roots/ca.crt --json");
    expect(JSON.parse(out).certificates).toMatchObject([
      { subject: "CN=svc", issuer: "CN=Our roots", names: ["URI:spiffe://example.org/svc"] },
      { subject: "CN=Our roots", isAuthority: true, key: "ML-DSA-65", daysLeft: 100 },
    ]);
    expect(readdirSync(join(cwd, "clients")).toSorted()).toEqual(["svc.crt", "svc.key"]);
  });

  it("write to the state directory unless told otherwise", async () => {
    expect((await run("certs ca")).exit).toBe(0);
    expect(existsSync(join(cwd, ".loadline/certs/ca.crt"))).toBe(true);
  });

  it.each([
    ["certs issue a --out none", 78, "LL_TLS_FILE ca.crt"],
    ["certs issue a --out tls --days 398", 64, "LL_CLI_VALUE"],
    ["certs ca --out old --days 7301", 64, "LL_CLI_VALUE"],
    ["certs issue a --out tls --host a_b", 64, "LL_TLS_NAME"],
    ["certs issue ../a --out tls", 64, "LL_CLI_VALUE"],
    ["certs issue ca --out tls", 64, "LL_CLI_VALUE"],
    ["certs issue --out tls", 64, "LL_CLI_ARGUMENT"],
    ["certs ca more --out tls", 64, "LL_CLI_ARGUMENT"],
    ["certs ca --client --out old", 64, "LL_CLI_VALUE"],
    ["certs issue a --name A --out tls", 64, "LL_CLI_VALUE"],
    ["certs ca --alg rsa-2048 --out old", 64, "LL_CLI_VALUE"],
    ["certs issue a --out tls/ca.crt/x --ca tls", 78, "LL_CLI_WRITE"],
  ])("%s: exit %i, %s, nothing written", async (line, exit, text) => {
    await run("certs ca --out tls");
    const ended = await run(line);
    expect([ended.exit, ended.out]).toEqual([exit, ""]);
    expect(ended.err).toContain(text);
    expect(readdirSync(cwd)).toEqual(["tls"]);
    expect(readdirSync(join(cwd, "tls")).toSorted()).toEqual(["ca.crt", "ca.key"]);
  });
});
