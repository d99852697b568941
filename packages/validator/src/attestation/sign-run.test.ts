/** What is signed, against the published shapes: DSSE 1.0 envelopes around in-toto Statements v1. */
import { generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyBundle } from "@loadline/contract";
import { TestClock } from "@loadline/kit/clock";
import { parseJson } from "@loadline/kit/json";
import { seededRandom } from "@loadline/kit/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readBundle } from "../evidence/read-bundle.ts";
import { sha256 } from "../evidence/sha256.ts";
import { quickPlan } from "../plan/build-plan.ts";
import { checkStatement } from "../reporters/formats.fixture.ts";
import { recordRun } from "../run/record-run.ts";
import type { ValidationResult } from "../run/types.ts";
import { loadKnownKeys, loadSigners } from "./keys.ts";
import { signApproval, signRun } from "./sign-run.ts";

/** The protocol's JSON: nothing beside these keys, standard base64 with padding. */
const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
const envelopeShape = z.strictObject({
  payload: base64,
  payloadType: z.literal("application/vnd.in-toto+json"),
  signatures: z
    .array(z.strictObject({ keyid: z.string().regex(/^[0-9a-f]{64}$/), sig: base64 }))
    .min(1),
});

/** Statement v1: type, subjects that each have a digest, the URI of the predicate, the predicate. */
const statementShape = z.strictObject({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      }),
    )
    .min(1)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length),
  predicateType: z.string().refine((uri) => URL.canParse(uri)),
  predicate: z.record(z.string(), z.unknown()),
});

const algorithms = ["ed25519", "ml-dsa-65"] as const;
const place = { root: "" };
const keys = new Map<string, KeyObject>();
let run: ValidationResult;

beforeAll(async () => {
  place.root = mkdtempSync(join(tmpdir(), "loadline-sign-"));
  const pairs = [generateKeyPairSync("ed25519"), generateKeyPairSync("ml-dsa-65")];
  for (const [at, { privateKey, publicKey }] of pairs.entries()) {
    const name = algorithms[at] ?? "";
    keys.set(sha256(publicKey.export({ type: "spki", format: "der" })), publicKey);
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(join(place.root, `${name}.pem`), pem, { mode: 0o600 });
  }
  run = await recordRun(
    quickPlan({ baseUrl: "http://127.0.0.1:9/v1" }),
    {
      clock: new TestClock(),
      random: seededRandom(5),
      runsDir: join(place.root, "runs"),
      toolVersion: "0",
      planText: "target: { url: http://127.0.0.1:9/v1 }\n",
      reporters: [],
      onProgress: () => undefined,
      signal: new AbortController().signal,
    },
    () => Promise.resolve(),
  );
  const signers = loadSigners(algorithms.map((name) => join(place.root, `${name}.pem`)));
  signRun(run.runDir, run.verdict, signers);
  const approval = { by: "Q. Signer", role: "owner", reason: "I have read it.", at: "2026-04-13" };
  signApproval(run.runDir, run.verdict, { approval, signers });
});
afterAll(() => rmSync(place.root, { recursive: true, force: true }));

function envelopes(): readonly (readonly [string, z.infer<typeof envelopeShape>])[] {
  const folder = join(run.runDir, "attestations");
  return readdirSync(folder).map((name) => {
    const value = parseJson(readFileSync(join(folder, name), "utf8"));
    return [name, envelopeShape.parse(value)] as const;
  });
}

/** The bytes a signature is over, as the protocol writes them: lengths in ASCII, then the bytes. */
function preAuth(type: string, body: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `;
  return Buffer.concat([Buffer.from(head), body]);
}

describe("a signed run", () => {
  it("has the three statements and the sign-off, each in an envelope of the published shape", () => {
    const names = envelopes().map(([name]) => name.replace(/^approval-.*/, "approval"));
    expect(names.toSorted()).toEqual([
      "approval",
      "readiness.dsse.json",
      "svr.dsse.json",
      "test-result.dsse.json",
    ]);
  });

  it("each payload is a Statement v1 about the target, the plan and the chain head of this run", () => {
    const subjects = [
      { name: "target", digest: { sha256: sha256(Buffer.from(run.verdict.target)) } },
      { name: "plan", digest: { sha256: run.verdict.planDigest } },
      { name: "chain-head", digest: { sha256: run.verdict.chainHead } },
    ];
    const types = envelopes().map(([name, { payload }]) => {
      const value = parseJson(Buffer.from(payload, "base64").toString("utf8"));
      const statement = statementShape.parse(value);
      expect(statement.subject, name).toEqual(subjects);
      if (!name.startsWith("approval")) expect(checkStatement(value), name).toEqual([]);
      return statement.predicateType;
    });
    expect(types.toSorted()).toEqual([
      "https://in-toto.io/attestation/svr/v0.2",
      "https://in-toto.io/attestation/test-result/v0.1",
      "urn:loadline:attestation:approval/v1",
      "urn:loadline:attestation:readiness/v1",
    ]);
  });

  it("each signature verifies over the protocol's bytes with nothing but the public key", () => {
    for (const [name, { payload, payloadType, signatures }] of envelopes()) {
      const bytes = preAuth(payloadType, Buffer.from(payload, "base64"));
      const sizes = signatures.map(({ keyid, sig }) => {
        const key = keys.get(keyid);
        const signature = Buffer.from(sig, "base64");
        expect(key !== undefined && verify(null, bytes, key, signature), name).toBe(true);
        expect(key !== undefined && verify(null, Buffer.from(payload), key, signature)).toBe(false);
        return signature.length;
      });
      expect(sizes).toEqual([64, 3_309]);
    }
  });

  it("nothing of a run that proves nothing is a property, and its result is FAILED", () => {
    const predicateOf = (file: string): unknown => {
      const found = envelopes().find(([name]) => name === file)?.[1].payload ?? "";
      const value = parseJson(Buffer.from(found, "base64").toString("utf8"));
      return statementShape.parse(value).predicate;
    };
    expect(predicateOf("svr.dsse.json")).toMatchObject({ properties: [] });
    expect(predicateOf("test-result.dsse.json")).toMatchObject({
      result: "FAILED",
      passedTests: [],
    });
    expect(predicateOf("readiness.dsse.json")).toMatchObject({ outcome: "NOT_PROVEN" });
  });

  it("verify takes it with both kinds of signature required, and no longer with another plan file", async () => {
    const known = loadKnownKeys(algorithms.map((name) => join(place.root, `${name}.pem`)));
    const signatures = { keys: known, requireSignature: true, requirePq: true };
    const files = await readBundle(run.runDir);
    const whole = await verifyBundle(files, { digest: sha256, signatures });
    expect(whole.steps.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(whole.exit).toBe(0);
    files.set("plan.yaml", Buffer.from("target: { url: http://127.0.0.1:9/v2 }\n"));
    const other = await verifyBundle(files, { digest: sha256, signatures });
    const plan = other.steps.find(({ step }) => step === "plan");
    expect(plan).toMatchObject({ ok: false, code: "LL_VERIFY_PLAN" });
  });
});
