import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  type KnownKey,
  type SignatureAlgorithm,
  signatureAlgorithms,
  type Signer,
} from "@loadline/contract";
import { validatorErrors } from "../errors.ts";
import { sha256 } from "../evidence/sha256.ts";

/** More keys than this sign or verify no bundle. */
export const keysMax = 16;
const keyBytesMax = 64 * 1024;

function readKey(path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= keyBytesMax) return bytes;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw validatorErrors.make("LL_SIGN_KEY", `${path}: ${why}.`, { cause });
  }
  throw validatorErrors.make("LL_SIGN_KEY", `${path}: over 64 KiB.`);
}

function algorithmOf(key: KeyObject, path: string): SignatureAlgorithm {
  const found = signatureAlgorithms.find((name) => name === key.asymmetricKeyType);
  if (found !== undefined) return found;
  const kind = key.asymmetricKeyType ?? key.type;
  throw validatorErrors.make("LL_SIGN_ALGORITHM", `${path}: a key of the kind ${kind}.`);
}

function parseKey(path: string, parse: (pem: Buffer) => KeyObject): KeyObject {
  const pem = readKey(path);
  try {
    return parse(pem);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    // The text of OpenSSL names no key material.
    throw validatorErrors.make("LL_SIGN_KEY", `${path}: ${why}.`, { cause });
  }
}

/** SHA-256 of the public key's SPKI DER, hex: the name of a key in every envelope. */
function keyIdOf(key: KeyObject): string {
  return sha256(key.export({ type: "spki", format: "der" }));
}

/** Private keys from PKCS#8 files. @throws LL_SIGN_KEY, LL_SIGN_ALGORITHM */
export function loadSigners(paths: readonly string[]): readonly Signer[] {
  if (paths.length > keysMax) {
    throw validatorErrors.make("LL_SIGN_KEY", `${paths.length} keys; at most ${keysMax}.`);
  }
  return paths.map((path) => {
    const key = parseKey(path, (pem) => createPrivateKey(pem));
    const algorithm = algorithmOf(key, path);
    const keyId = keyIdOf(createPublicKey(key));
    return { keyId, algorithm, sign: (bytes) => sign(null, bytes, key) };
  });
}

/** Public keys from PEM files; a private one gives its public half. @throws LL_SIGN_KEY */
export function loadKnownKeys(paths: readonly string[]): readonly KnownKey[] {
  if (paths.length > keysMax) {
    throw validatorErrors.make("LL_SIGN_KEY", `${paths.length} keys; at most ${keysMax}.`);
  }
  return paths.map((path) => {
    const key = parseKey(path, (pem) => createPublicKey(pem));
    const algorithm = algorithmOf(key, path);
    const check = (bytes: Uint8Array, signature: Uint8Array): boolean =>
      verify(null, bytes, key, signature);
    return { keyId: keyIdOf(key), algorithm, verify: check };
  });
}
