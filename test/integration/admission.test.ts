/** The sample policies against what Loadline signs, with the tools of other people: openssl and OPA. */
import { spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { canonicalJson, type VerdictDocument } from "@loadline/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRun, makeClaim } from "../../packages/contract/test/support.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { loadSigners } from "../../packages/validator/src/attestation/keys.ts";
import { signRun } from "../../packages/validator/src/attestation/sign-run.ts";

const parts = await requireParts(["opa"]);
const examples = fileURLToPath(new URL("../../examples/admission/", import.meta.url));
let folder: string;
const path = (name: string): string => join(folder, name);

/** A verdict as `fold` gives it, with the time of the run and what a case changes. */
function verdictOf(isUp: boolean | null, more: Partial<VerdictDocument> = {}): VerdictDocument {
  const run = startRun([makeClaim({ id: "http.up", kind: "predicate" })]);
  if (isUp !== null) run.observe("http.up", isUp);
  run.close();
  run.end();
  // The policy asks the machine's clock, so the run ends now.
  return { ...run.fold(), endedAt: new Date().toISOString(), ...more };
}

/** The signed readiness statement about a verdict. */
function signed(name: string, verdict: VerdictDocument, keys: readonly string[] = ["ed"]): string {
  mkdirSync(path(name));
  const signers = loadSigners(keys.map((key) => path(`${key}.pem`)));
  signRun(path(name), verdict, signers);
  return path(`${name}/attestations/readiness.dsse.json`);
}

const ready = verdictOf(true);

function admit(envelope: string, o: { key?: string; target?: string; hours?: string } = {}) {
  const key = path(`${o.key ?? "ed"}.pub.pem`);
  const script = join(examples, "admit-statement.sh");
  const { status, stdout, stderr } = spawnSync(
    "sh",
    [script, envelope, key, o.target ?? ready.target],
    {
      encoding: "utf8",
      timeout: 60_000,
      env: {
        PATH: process.env["PATH"],
        OPA: parts.found("opa").path,
        MAX_AGE_HOURS: o.hours ?? "24",
      },
    },
  );
  return { status, said: `${stdout}${stderr}`.trim() };
}

/** Another file with the envelope changed. */
function edited(name: string, envelope: string, edit: (text: string) => string): string {
  const file = path(`${name}.json`);
  writeFileSync(file, edit(readFileSync(envelope, "utf8")));
  return file;
}

const readyFile = (): string => path("ready/attestations/readiness.dsse.json");

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loadline-admission-"));
  for (const [name, pair] of [
    ["ed", generateKeyPairSync("ed25519")],
    ["pq", generateKeyPairSync("ml-dsa-65")],
    ["other", generateKeyPairSync("ed25519")],
  ] as const) {
    const secret = pair.privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(path(`${name}.pem`), secret, { mode: 0o600 });
    writeFileSync(path(`${name}.pub.pem`), pair.publicKey.export({ type: "spki", format: "pem" }));
  }
  expect(signed("ready", ready, ["ed", "pq"])).toBe(readyFile());
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The payload replaced, the signatures left as they were. */
const withPayload =
  (change: (statement: string) => string) =>
  (text: string): string => {
    const payload = /"payload":"([^"]*)"/.exec(text)?.[1] ?? "";
    const statement = change(Buffer.from(payload, "base64").toString());
    return text.replace(payload, Buffer.from(statement).toString("base64"));
  };

describe.skipIf(parts.missing)("a policy engine decides about a signed statement", () => {
  test("a signed READY of today about this target is admitted, beside a signature it does not know", () => {
    expect(ready.outcome).toBe("READY");
    expect(admit(readyFile())).toEqual({ status: 0, said: "admitted: READY, signed" });
  });

  test("an unsigned statement, and one signed by another key, is refused", () => {
    const bare = edited("unsigned", readyFile(), (text) =>
      text.replace(/"signatures":\[.*\]/, '"signatures":[]'),
    );
    expect(admit(bare)).toMatchObject({ status: 1, said: expect.stringContaining("refused") });
    expect(admit(readyFile(), { key: "other" }).status).toBe(1);
    // The name of the trusted key over a stranger's signature.
    const id = (name: string): string => {
      const der = spawnSync("openssl", [
        "pkey",
        "-pubin",
        "-in",
        path(`${name}.pub.pem`),
        "-outform",
        "der",
      ]).stdout;
      return createHash("sha256").update(der).digest("hex");
    };
    const stranger = signed("stranger", ready, ["other"]);
    const renamed = edited("renamed", stranger, (text) => text.replace(id("other"), id("ed")));
    expect(admit(stranger, { key: "other" }).status).toBe(0);
    expect(admit(renamed)).toEqual({
      status: 1,
      said: "refused: the signature is not of this key over this statement",
    });
  });

  test("a tampered statement is refused: one byte of it, of its signature, or its type", () => {
    const flipped = (at: number): string =>
      edited(
        `flip-${at}`,
        readyFile(),
        withPayload((text) => {
          const bytes = Buffer.from(text);
          bytes[at] = (bytes[at] ?? 0) ^ 1;
          return bytes.toString();
        }),
      );
    const size = Buffer.from(
      /"payload":"([^"]*)"/.exec(readFileSync(readyFile(), "utf8"))?.[1] ?? "",
      "base64",
    ).length;
    for (const at of [0, Math.floor(size / 2), size - 1]) {
      expect(admit(flipped(at)).said).toBe(
        "refused: the signature is not of this key over this statement",
      );
    }
    const sig = edited("sig", readyFile(), (text) =>
      text.replaceAll(/"sig":"(.)/g, (_, first: string) => `"sig":"${first === "A" ? "B" : "A"}`),
    );
    expect(admit(sig).status).toBe(1);
    const type = edited("type", readyFile(), (text) => text.replace("vnd.in-toto", "vnd.else"));
    expect(admit(type).said).toContain("the envelope holds application/vnd.else+json");
    expect(admit(edited("none", readyFile(), () => "{}")).status).toBe(1);
    expect(admit(edited("text", readyFile(), () => "READY")).status).toBe(1);
  });

  test("an old run, and one of the future, is refused", () => {
    const hour = 3_600_000;
    const endedAt = (ms: number): string => new Date(Date.now() + ms).toISOString();
    const old = signed("old", { ...ready, endedAt: endedAt(-25 * hour) });
    expect(admit(old).said).toMatch(/^refused: the run ended 20/);
    expect(admit(old, { hours: "26" }).status).toBe(0);
    expect(admit(signed("ahead", { ...ready, endedAt: endedAt(hour) })).status).toBe(1);
    expect(admit(signed("timeless", { ...ready, endedAt: "soon" })).status).toBe(1);
  });

  test("NOT_PROVEN and NOT_READY are refused by name, however well signed", () => {
    const open = verdictOf(null);
    const failed = verdictOf(false);
    expect([open.outcome, failed.outcome]).toEqual(["NOT_PROVEN", "NOT_READY"]);
    expect(admit(signed("open", open)).said).toContain("the outcome is NOT_PROVEN");
    expect(admit(signed("failed", failed)).said).toContain("http.up is failed");
  });

  test("a statement that calls itself READY over an open claim, or over none, is refused", () => {
    const told = { ...verdictOf(null), outcome: "READY" as const };
    expect(admit(signed("told", told)).said).toBe("refused: http.up is error");
    const none = { ...ready, claims: [] };
    expect(admit(signed("none-listed", none)).said).toContain("lists no required claim");
  });

  test("a statement about another target is refused, and so is another kind of statement", () => {
    expect(admit(readyFile(), { target: "another" }).said).toBe(
      "refused: the statement is not about the expected target",
    );
    const svr = join(dirname(readyFile()), "svr.dsse.json");
    expect(admit(svr).said).toContain("not a readiness statement");
  });

  test("a waiver that still holds is an acceptance, one that ended is none", () => {
    const [claim] = verdictOf(false).claims;
    if (claim === undefined) throw new TypeError("there is no claim");
    const waived = (expires: string): VerdictDocument => ({
      ...ready,
      claims: [...ready.claims, { ...claim, id: "cache", disposition: "waived" }],
      waivers: {
        applied: [
          {
            claim: "cache",
            disposition: "waived",
            owner: "Ada",
            approvedBy: "Grace",
            reason: "the page is filled again after a restart",
            expires,
          },
        ],
        ignored: [],
        nextExpiry: expires,
      },
    });
    const day = (days: number): string =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    expect(admit(signed("waived", waived(day(3)))).status).toBe(0);
    expect(admit(signed("lapsed", waived(day(-3)))).said).toContain("the waiver of cache ended");
  });

  test("a claim that calls itself accepted, and that no waiver names, is refused", () => {
    const [claim] = verdictOf(false).claims;
    if (claim === undefined) throw new TypeError("there is no claim");
    for (const disposition of ["waived", "not_applicable"] as const) {
      const claims = [...ready.claims, { ...claim, id: "cache", disposition }];
      const said = admit(signed(`told-${disposition}`, { ...ready, claims })).said;
      expect(said).toBe("refused: cache is failed");
    }
  });

  test("the statement is written in the canonical form that its signature covers", () => {
    const payload = /"payload":"([^"]*)"/.exec(readFileSync(readyFile(), "utf8"))?.[1] ?? "";
    const text = Buffer.from(payload, "base64").toString();
    expect(canonicalJson(JSON.parse(text))).toBe(text);
  });
});
