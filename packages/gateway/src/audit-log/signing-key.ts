import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "@loadline/kit/errors";
import { isOpenToOthers } from "@loadline/kit/file-mode";
import { gatewayErrors } from "../errors.ts";

type KeyCode = "LL_AUDITLOG_KEY" | "LL_AUDITLOG_PUBLIC_KEY";

const keyFile = "audit-key.pem";
const publicFile = "audit-key.pub.pem";

/** What signs the heads of the audit log: Ed25519, private part in the state directory. */
export interface SigningKey {
  readonly id: string;
  sign(text: string): string;
}

/** What checks heads; made from the public part alone. */
export interface VerifyingKey {
  readonly id: string;
  isSigned(text: string, signature: string): boolean;
}

/** Reads the key of the state directory (mode 0600), or makes it. LL_AUDITLOG_KEY when unusable. */
export function loadSigningKey(stateDir: string): SigningKey {
  const path = join(stateDir, keyFile);
  const code = "LL_AUDITLOG_KEY";
  const pem = readText(path, code) ?? makeKey(stateDir, path);
  if (isOpenToOthers(path)) throw gatewayErrors.make(code, `${path} can be read by others.`);
  const key = parse(path, code, () => createPrivateKey(pem));
  const id = keyId(createPublicKey(key));
  return { id, sign: (text) => sign(null, Buffer.from(text), key).toString("base64") };
}

/** The public part beside the private one, or `path`. LL_AUDITLOG_PUBLIC_KEY when it cannot be read. */
export function loadVerifyingKey(stateDir: string, path?: string): VerifyingKey {
  const file = path ?? join(stateDir, publicFile);
  const code = "LL_AUDITLOG_PUBLIC_KEY";
  const pem = readText(file, code);
  if (pem === undefined) throw gatewayErrors.make(code, `${file} is missing.`);
  const key = parse(file, code, () => createPublicKey(pem));
  return {
    id: keyId(key),
    isSigned: (text, signature) =>
      verify(null, Buffer.from(text), key, Buffer.from(signature, "base64")),
  };
}

function makeKey(stateDir: string, path: string): string {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  writeFileSync(path, pem, { mode: 0o600, flag: "wx", flush: true });
  writeFileSync(join(stateDir, publicFile), publicPem, { mode: 0o644, flush: true });
  return pem;
}

function keyId(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("hex").slice(0, 16);
}

function parse(path: string, code: KeyCode, read: () => KeyObject): KeyObject {
  try {
    const key = read();
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch (cause) {
    throw gatewayErrors.make(code, `${path} is damaged.`, { cause });
  }
  throw gatewayErrors.make(code, `${path} holds another kind of key.`);
}

function readText(path: string, code: KeyCode): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw gatewayErrors.make(code, `${path} cannot be read.`, { cause });
  }
}
