import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { TestClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { runCli } from "../../packages/cli/src/run.ts";
import { createTestHost } from "../../packages/cli/test/test-host.ts";
import {
  makeBundle,
  makeClaim,
  sealBundle,
  startRun,
} from "../../packages/contract/test/support.ts";
import { canonicalJson, planFileText, recordLine } from "@loadline/contract";

const root = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(root, "examples/admission");
let folder: string;
const path = (name: string): string => join(folder, name);

function store(name: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [file, bytes] of files) {
    const full = path(join("runs", name, file));
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, bytes);
  }
}

/** A bundle whose one claim failed. */
function failedBundle(): ReadonlyMap<string, Uint8Array> {
  const run = startRun([makeClaim({ id: "http.up", kind: "predicate" })]);
  run.observe("http.up", false);
  run.close();
  run.end();
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const files = new Map([
    ["evidence.jsonl", encode(run.records.map(recordLine).join(""))],
    ["plan.json", encode(planFileText(run.plan))],
    ["verdict.json", encode(`${canonicalJson(run.fold())}\n`)],
  ]);
  sealBundle(files, run);
  return files;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loadline-sign-off-"));
  store("2026-good", makeBundle().files);
  store("2026-bad", failedBundle());
  for (const [name, { privateKey, publicKey }] of [
    ["ed", generateKeyPairSync("ed25519")],
    ["pq", generateKeyPairSync("ml-dsa-65")],
    ["other", generateKeyPairSync("ed25519")],
  ] as const) {
    writeFileSync(path(`${name}.pem`), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(path(`${name}.pub.pem`), publicKey.export({ type: "spki", format: "pem" }));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function cli(...argv: readonly string[]) {
  const host = createTestHost(argv, { cwd: folder, clock: new TestClock() });
  const exit = await runCli(host);
  return { exit, out: host.out(), err: host.err() };
}
const approve = (run: string, ...more: readonly string[]) =>
  cli(
    "approve",
    `runs/${run}`,
    "--by",
    "Q. Signer",
    "--role",
    "owner",
    "--reason",
    "read and accepted",
    ...more,
  );
const attestations = (run: string): string[] =>
  readdirSync(path(`runs/${run}`)).includes("attestations")
    ? readdirSync(path(`runs/${run}/attestations`))
    : [];

describe("sign-off of a bundle [R4-39]", () => {
  test("a bundle that is not READY is refused and nothing is written", async () => {
    const refused = await approve("2026-bad", "--sign-key", "ed.pem");
    expect(refused.exit).toBe(1);
    expect(refused.err).toContain("LL_SIGN_REFUSED The outcome is NOT_READY");
    expect(attestations("2026-bad")).toEqual([]);
  });

  test("without a key, a role or a reason nobody approves", async () => {
    expect((await approve("2026-good")).err).toContain("LL_SIGN_NO_KEY");
    const short = await cli("approve", "runs/2026-good", "--by", "Q. S", "--role", "owner");
    expect([short.exit, short.err]).toEqual([64, expect.stringContaining("--reason")]);
    expect(attestations("2026-good")).toEqual([]);
  });

  test("a changed bundle is refused, whatever its verdict says", async () => {
    const files = new Map(makeBundle().files);
    const text = new TextDecoder().decode(files.get("evidence.jsonl"));
    files.set("evidence.jsonl", new TextEncoder().encode(text.replace('"ok":true', '"ok":1')));
    store("2026-edited", files);
    const refused = await approve("2026-edited", "--sign-key", "ed.pem");
    expect(refused.err).toContain("LL_SIGN_REFUSED verify says exit 1");
  });

  test("a signed sign-off verifies by its key, is unknown to another, and a pair is post-quantum", async () => {
    const signed = await approve("2026-good", "--sign-key", "ed.pem,pq.pem");
    expect([signed.exit, signed.err]).toEqual([0, ""]);
    expect(attestations("2026-good")).toHaveLength(1);
    const verify = (...more: readonly string[]) => cli("verify", "runs/2026-good", ...more);
    const pair = await verify("--keys", "ed.pub.pem,pq.pub.pem", "--require-pq");
    expect(pair.exit).toBe(0);
    expect(pair.out).toContain("signed by ed25519");
    expect((await verify("--keys", "ed.pub.pem", "--require-signature")).exit).toBe(0);
    expect((await verify("--keys", "ed.pub.pem", "--require-pq")).exit).toBe(2);
    const stranger = await verify("--keys", "other.pub.pem", "--require-signature");
    expect(stranger.exit).toBe(2);
    expect(stranger.out).toContain("signature unknown");
    expect((await verify()).exit).toBe(0);
  });
});

describe("score, gates, diff and trend", () => {
  test("the scorecard prints no claims where there are none and is no gate by itself", async () => {
    const shown = await cli("score", "runs/2026-bad");
    expect(shown.exit).toBe(0);
    expect(shown.out).toMatch(/Orchestration +no claims +no claims/);
    expect(shown.out).toMatch(/total +1\/1 100 % +0\/1 0 %/);
  });

  test("a gate file decides the exit code: met 0, failed 1, open 2", async () => {
    const gate = (text: string): void => writeFileSync(path("gates.yaml"), `gates:\n${text}`);
    const run = async (name: string) =>
      (await cli("score", `runs/${name}`, "--gates", "gates.yaml")).exit;
    gate("  - { id: speed, group: performance, minScore: 100 % }\n");
    expect(await run("2026-good")).toBe(0);
    expect(await run("2026-bad")).toBe(1);
    gate("  - { id: restore, category: Disaster Recovery, minScore: 0 }\n");
    expect(await run("2026-good")).toBe(2);
  });

  test("diff names the worse claim and the loosened plan, trend the runs", async () => {
    const diff = await cli("diff", "runs/2026-good", "runs/2026-bad");
    expect(diff.exit).toBe(0);
    expect(diff.out).toMatch(/worse +http\.up/);
    expect(diff.out).toContain("loosened  chat.p99 claim required -> removed");
    const trend = await cli("trend", "runs", "--json");
    const shown: unknown = JSON.parse(trend.out);
    expect(shown).toMatchObject({ rows: expect.any(Array) });
    expect(trend.out).toContain("NOT_READY");
    expect((await cli("trend", "nowhere")).exit).toBe(78);
  });

  test("diff and trend write the same as a page of one file, and a folder that is not there is named", async () => {
    const diff = await cli("diff", "runs/2026-good", "runs/2026-bad", "--html", "diff.html");
    expect([diff.exit, diff.err]).toEqual([0, expect.stringContaining("diff.html")]);
    expect(readFileSync(path("diff.html"), "utf8")).toMatch(
      /<h2>Worse <data>1<\/data><\/h2>[^]*http\.up/,
    );
    expect((await cli("trend", "runs", "--html", "trend.html")).exit).toBe(0);
    expect(readFileSync(path("trend.html"), "utf8")).toContain("runs, claim by claim");
    const lost = await cli("trend", "runs", "--html", "no/where.html");
    expect([lost.exit, lost.err]).toEqual([78, expect.stringContaining("LL_CLI_WRITE")]);
  });
});

describe("sample admission policies", () => {
  test("the script admits a signed READY of today and refuses everything else", () => {
    const shim = path("loadline.sh");
    const main = join(root, "packages/cli/src/main.ts");
    writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 });
    const admit = (run: string, key: string, hours = "10000000") =>
      spawnSync("sh", [join(examples, "admit.sh"), `runs/${run}`, key], {
        cwd: folder,
        encoding: "utf8",
        timeout: 100_000,
        env: { ...process.env, LOADLINE: shim, MAX_AGE_HOURS: hours },
      });
    expect(admit("2026-good", "ed.pub.pem").stdout).toContain("admitted: READY, signed");
    expect(admit("2026-good", "other.pub.pem").status).toBe(1);
    expect(admit("2026-bad", "ed.pub.pem").status).toBe(1);
    expect(admit("2026-good", "ed.pub.pem", "1").stderr).toContain("hours old");
  }, 300_000);

  test("the cluster samples name the predicate type and the keys a statement has", () => {
    const kyverno = readFileSync(join(examples, "kyverno-policy.yaml"), "utf8");
    expect(parse(kyverno)).toMatchObject({ kind: "ClusterPolicy" });
    const rego = readFileSync(join(examples, "readiness.rego"), "utf8");
    for (const text of [kyverno, rego]) {
      expect(text).toContain("urn:loadline:attestation:readiness/v1");
      for (const key of ["outcome", "claims", "required", "verdict", "disposition", "endedAt"]) {
        expect(text).toContain(key);
      }
    }
    expect(execFileSync("sh", ["-n", join(examples, "admit.sh")]).toString()).toBe("");
  });

  test("neither sample takes what is absent for passed: no claims, no verdict, no end of a waiver", () => {
    const rego = readFileSync(join(examples, "readiness.rego"), "utf8");
    // An undefined term in the head or the body of a denial denies nothing.
    const bare = /\b(?:claim\.(?:id|verdict)|waiver\.\w+|input\.predicateType)\b/;
    const denials = rego.split("\n\n").filter((rule) => /^deny /m.test(rule));
    expect(denials.length).toBeGreaterThan(5);
    expect(denials.filter((rule) => bare.test(rule.replaceAll(/^#.*/gm, "")))).toEqual([]);
    expect(rego).toContain('verdict := object.get(claim, "verdict", "absent")');
    expect(rego).toMatch(/not still_holds\(expires\)[^]*still_holds\(expires\) if time\.parse_ns/);
    const kyverno = readFileSync(join(examples, "kyverno-policy.yaml"), "utf8");
    expect(kyverno.replaceAll(/\s+/g, " ")).toContain(
      '"{{ claims[?required] | length(@) }}" operator: GreaterThan value: 0',
    );
  });
});
