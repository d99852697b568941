import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { encode, makeBundle, sha256, type TestBundle } from "../../test/support.ts";
import { canonicalJson } from "../evidence/canonical-json.ts";
import { verifyBundle, type VerifyResult } from "../evidence/verify.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { type KnownKey, makeEnvelope, preAuthEncoding, type Signer } from "./dsse.ts";
import {
  makeApproval,
  makeStatements,
  type Statement,
  statementBytes,
  statementNames,
  targetBytes,
} from "./statement.ts";
import type { SignaturePolicy } from "./verify-attestations.ts";

interface Pair {
  readonly signer: Signer;
  readonly known: KnownKey;
}

function pairOf(algorithm: "ed25519" | "ml-dsa-65"): Pair {
  const { privateKey } =
    algorithm === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ml-dsa-65");
  const publicKey: KeyObject = createPublicKey(privateKey);
  const keyId = sha256(publicKey.export({ type: "spki", format: "der" }));
  return {
    signer: { keyId, algorithm, sign: (bytes) => sign(null, bytes, privateKey) },
    known: { keyId, algorithm, verify: (bytes, sig) => verify(null, bytes, publicKey, sig) },
  };
}

let [ed, pq, stranger]: Pair[] = [];
let bundle: TestBundle;
beforeAll(() => {
  [ed, pq, stranger] = [pairOf("ed25519"), pairOf("ml-dsa-65"), pairOf("ed25519")];
  bundle = makeBundle();
});

const need = (pair: Pair | undefined): Pair => {
  if (!pair) throw new Error("keys are made before the tests");
  return pair;
};

function statements(): Readonly<Record<(typeof statementNames)[number], Statement>> {
  const document = bundle.run.fold();
  return makeStatements(document, sha256(targetBytes(document)));
}

function withEnvelope(
  statement: Statement,
  signers: readonly Pair[],
  name = "readiness",
): Map<string, Uint8Array> {
  const envelope = makeEnvelope(
    statementBytes(statement),
    signers.map(({ signer }) => signer),
  );
  return new Map(bundle.files).set(
    `attestations/${name}.dsse.json`,
    encode(canonicalJson(envelope)),
  );
}

const check = (
  files: Map<string, Uint8Array>,
  signatures: SignaturePolicy,
): Promise<VerifyResult> => verifyBundle(files, { digest: sha256, signatures });
const stepOf = (result: VerifyResult) => result.steps.find(({ step }) => step === "signature");

describe("signatures of a bundle [R4-39]", () => {
  test("Ed25519 and ML-DSA-65 in one envelope are both checked, with their sizes of the standard", async () => {
    const pairs = [need(ed), need(pq)];
    const files = withEnvelope(statements().readiness, pairs);
    const policy = { keys: pairs.map(({ known }) => known), requirePq: true };
    const result = await check(files, policy);
    expect(result.exit).toBe(0);
    expect(stepOf(result)?.ok).toBe(true);
    expect(result.signatures.map(({ algorithm, state }) => [algorithm, state])).toEqual([
      ["ed25519", "valid"],
      ["ml-dsa-65", "valid"],
    ]);
    expect(need(ed).signer.sign(encode("x"))).toHaveLength(64);
    expect(need(pq).signer.sign(encode("x"))).toHaveLength(3_309);
  });

  test("a signature by a key nobody knows is unknown, never valid", async () => {
    const files = withEnvelope(statements().readiness, [need(stranger)]);
    const result = await check(files, { keys: [need(ed).known] });
    expect(result.signatures[0]?.state).toBe("unknown");
    expect(stepOf(result)).toMatchObject({ ok: null, code: "LL_VERIFY_SIGNATURE" });
    expect(result.exit).toBe(0);
    expect(result.proves.join()).not.toContain("keys");
    const required = await check(files, { keys: [need(ed).known], requireSignature: true });
    expect(required.exit).toBe(2);
  });

  test("an unsigned bundle is whole, and incomplete where a signature is required", async () => {
    const files = new Map(bundle.files);
    expect((await check(files, { keys: [] })).exit).toBe(0);
    expect((await check(files, { keys: [], requireSignature: true })).exit).toBe(2);
    expect((await check(files, { keys: [], requirePq: true })).exit).toBe(2);
  });

  test("a post-quantum signature is not had by adding one of the other kind", async () => {
    const keys = [need(ed).known, need(pq).known, need(stranger).known];
    const two = withEnvelope(statements().readiness, [need(ed), need(stranger)]);
    expect((await check(two, { keys, requirePq: true })).exit).toBe(2);
    const lone = withEnvelope(statements().readiness, [need(pq)]);
    expect((await check(lone, { keys, requirePq: true })).exit).toBe(2);
  });

  test("a runtime without the algorithm says not checked, which is not valid", async () => {
    const blind = { ...need(pq).known, verify: () => null };
    const files = withEnvelope(statements().readiness, [need(ed), need(pq)]);
    const result = await check(files, { keys: [need(ed).known, blind], requirePq: true });
    expect(result.exit).toBe(2);
    expect(stepOf(result)?.message).toContain("not checked here");
  });

  test("every changed byte of an envelope is refused, or its key is no longer known", async () => {
    const path = "attestations/readiness.dsse.json";
    const pairs = [need(ed)];
    const whole = withEnvelope(statements().readiness, pairs);
    const bytes = whole.get(path) ?? new Uint8Array();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 127 }),
        async (at, by) => {
          const changed = Uint8Array.from(bytes);
          changed[at] = (changed[at] ?? 0) ^ by;
          const files = new Map(whole).set(path, changed);
          const result = await check(files, { keys: [need(ed).known], requireSignature: true });
          expect(result.exit).not.toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each(statementNames)(
    "a signed %s that says other than the evidence is refused",
    async (name) => {
      const made = statements()[name];
      const lies = {
        readiness: { outcome: "NOT_READY" },
        testResult: { result: "FAILED" },
        svr: { properties: ["LOADLINE_READY", "LOADLINE_PASSED_more"] },
      };
      const lie = { ...made, predicate: { ...made.predicate, ...lies[name] } };
      const result = await check(withEnvelope(lie, [need(ed)]), { keys: [need(ed).known] });
      expect(result.exit).toBe(1);
      expect(stepOf(result)?.message).toContain("than the evidence");
      const true_ = await check(withEnvelope(made, [need(ed)]), { keys: [need(ed).known] });
      expect(true_.exit).toBe(0);
    },
  );

  test("an envelope of another bundle is refused, though its signature holds", async () => {
    const made = statements().readiness;
    const other = { name: "chain-head" as const, digest: { sha256: "0".repeat(64) } };
    const subject = made.subject.map((one) => (one.name === "chain-head" ? other : one));
    const result = await check(withEnvelope({ ...made, subject }, [need(ed)]), {
      keys: [need(ed).known],
    });
    expect(result.exit).toBe(1);
    expect(stepOf(result)?.message).toContain("another target, plan or chain head");
  });

  test("a sign-off record is bound to run, outcome and accepted waivers", async () => {
    const document = bundle.run.fold();
    const said = { by: "Q. Signer", role: "owner", reason: "read", at: "2026-04-13T00:00:00.000Z" };
    const approval = makeApproval(document, sha256(targetBytes(document)), said);
    const keys = [need(ed).known];
    expect((await check(withEnvelope(approval, [need(ed)], "approval-1"), { keys })).exit).toBe(0);
    const more = { ...approval.predicate, acceptedWaivers: ["chat.p99"] };
    const lie = withEnvelope({ ...approval, predicate: more }, [need(ed)], "approval-1");
    expect((await check(lie, { keys })).exit).toBe(1);
  });

  test.each(["", "{}", "[]", '{"payloadType":"x"}', "not json"])(
    "%j as an envelope is refused, never a crash",
    async (text) => {
      const files = new Map(bundle.files).set("attestations/x.dsse.json", encode(text));
      expect((await check(files, { keys: [] })).exit).toBe(1);
    },
  );

  test("any other file in the folder is not listed and refused", async () => {
    const files = new Map(bundle.files).set("attestations/x.json", encode("{}"));
    expect((await check(files, { keys: [] })).exit).toBe(1);
  });
});

test("the bytes that are signed carry lengths, so that no two contents share them", () => {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const type = "http://example.com/HelloWorld";
  expect(text(preAuthEncoding(type, encode("hello world")))).toBe(
    "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
  );
});

test("base64 is that of Node for any bytes, and no second text gives the same bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(text)).toEqual(Uint8Array.from(bytes));
    }),
  );
  for (const text of ["A", "AA", "AB==", "A===", "AAA_", " AAAA"]) {
    expect(decodeBase64(text)).toBeNull();
  }
});
