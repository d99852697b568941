import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadlineError } from "@loadline/kit/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSigningKey, loadVerifyingKey } from "./signing-key.ts";

let dir: string;
const refused = expect.objectContaining({ code: "LL_AUDITLOG_KEY" });
const publicRefused = expect.objectContaining({ code: "LL_AUDITLOG_PUBLIC_KEY" });
const privateFile = () => join(dir, "audit-key.pem");
const publicFile = () => join(dir, "audit-key.pub.pem");

beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "ll-signing-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the key of the audit log", () => {
  it("is made once and is the same after a restart; its public part alone checks what it signs", () => {
    const { id, sign } = loadSigningKey(dir);
    const signature = sign("text");
    expect(loadSigningKey(dir).id).toBe(id);
    const kept = join(dir, "kept.pem");
    writeFileSync(kept, readFileSync(publicFile()));
    rmSync(privateFile());
    for (const key of [loadVerifyingKey(dir), loadVerifyingKey("/nowhere", kept)]) {
      expect([key.id, key.isSigned("text", signature)]).toEqual([id, true]);
      expect(key.isSigned("text!", signature)).toBe(false);
      expect(key.isSigned("text", "")).toBe(false);
    }
  });

  it("is refused when it is missing, damaged, of another kind or no file", () => {
    expect(() => loadVerifyingKey(dir)).toThrow(publicRefused);
    for (const text of ["", "no key", pemOf("rsa"), pemOf("ed448")]) {
      writeFileSync(privateFile(), text);
      chmodSync(privateFile(), 0o600);
      writeFileSync(publicFile(), text);
      expect(() => loadSigningKey(dir)).toThrow(refused);
      expect(() => loadVerifyingKey(dir)).toThrow(publicRefused);
    }
    rmSync(privateFile());
    mkdirSync(privateFile());
    expect(() => loadSigningKey(dir)).toThrow(refused);
  });
});

describe("what to do about a key that cannot be used", () => {
  const lineOf = (act: () => unknown): string => {
    try {
      act();
    } catch (cause) {
      if (cause instanceof LoadlineError) return cause.line;
    }
    return "none";
  };

  it("names the public file and the way to it where the public part is asked for", () => {
    loadSigningKey(dir);
    rmSync(publicFile());
    for (const path of [undefined, join(dir, "other.pem")]) {
      const line = lineOf(() => loadVerifyingKey(dir, path));
      expect(line).toContain(`${path ?? publicFile()} is missing.`);
      expect(line).toContain("audit-key.pub.pem with --key");
      expect(line).not.toContain("0600");
    }
  });

  it("names the private file and its mode where the private part is", () => {
    loadSigningKey(dir);
    chmodSync(privateFile(), 0o644);
    const line = lineOf(() => loadSigningKey(dir));
    expect(line).toContain("audit-key.pem of the state directory with mode 0600");
    expect(line).not.toContain(".pub.");
  });
});

function pemOf(type: "rsa" | "ed448"): string {
  const pair =
    type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ed448");
  return pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
