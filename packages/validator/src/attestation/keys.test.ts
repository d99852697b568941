import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeEnvelope, checkEnvelope } from "@loadline/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keysMax, loadKnownKeys, loadSigners } from "./keys.ts";

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loadline-keys-"));
  const pairs = {
    ed: generateKeyPairSync("ed25519"),
    pq: generateKeyPairSync("ml-dsa-65"),
    ec: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  };
  for (const [name, pair] of Object.entries(pairs)) {
    const secret = pair.privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(path(`${name}.pem`), secret, { mode: 0o600 });
    writeFileSync(path(`${name}.pub.pem`), pair.publicKey.export({ type: "spki", format: "pem" }));
  }
  writeFileSync(path("text.pem"), "not a key");
  writeFileSync(path("large.pem"), "x".repeat(70_000));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("keys from files", () => {
  test("what PKCS#8 files sign, their public halves verify, under one key id", async () => {
    const signers = loadSigners([path("ed.pem"), path("pq.pem")]);
    const known = loadKnownKeys([path("ed.pub.pem"), path("pq.pub.pem")]);
    expect(signers.map(({ algorithm }) => algorithm)).toEqual(["ed25519", "ml-dsa-65"]);
    expect(signers.map(({ keyId }) => keyId)).toEqual(known.map(({ keyId }) => keyId));
    const envelope = makeEnvelope(Buffer.from("{}"), signers);
    const checked = await checkEnvelope(envelope, known);
    expect(checked.map(({ state }) => state)).toEqual(["valid", "valid"]);
    const swapped = { ...envelope, payload: Buffer.from("[]").toString("base64") };
    const broken = await checkEnvelope(swapped, known);
    expect(broken.map(({ state }) => state)).toEqual(["invalid", "invalid"]);
  });

  test.each([
    ["a missing file", "gone.pem", "LL_SIGN_KEY"],
    ["a text", "text.pem", "LL_SIGN_KEY"],
    ["a public key to sign with", "ed.pub.pem", "LL_SIGN_KEY"],
    ["a file over 64 KiB", "large.pem", "LL_SIGN_KEY"],
    ["a key of another kind", "ec.pem", "LL_SIGN_ALGORITHM"],
  ])("%s is refused by its name and shows nothing of its content", (_, name, code) => {
    const attempt = (): unknown => loadSigners([path(name)]);
    expect(attempt).toThrow(expect.objectContaining({ code }));
    expect(attempt).toThrow(name);
    expect(attempt).not.toThrow("not a key\n");
  });

  test("more keys than the bound are refused", () => {
    const many = Array.from({ length: keysMax + 1 }, () => path("ed.pem"));
    expect(() => loadSigners(many)).toThrow(expect.objectContaining({ code: "LL_SIGN_KEY" }));
    expect(() => loadKnownKeys(many)).toThrow(expect.objectContaining({ code: "LL_SIGN_KEY" }));
    expect(statSync(path("ed.pem")).mode & 0o077).toBe(0);
  });
});
