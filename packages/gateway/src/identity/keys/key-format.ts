import { crc32 } from "node:zlib";
import type { Random } from "@loadline/kit/random";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const idChars = 12;
const secretBytes = 32;
const secretChars = 43;
const checksumChars = 6;
export const keyCharsMax = 80;
const keyPattern = /^(ll_([a-z0-9]{2,8})_([0-9A-Za-z]{12})_([0-9A-Za-z]{43}))_([0-9A-Za-z]{6})$/;

export interface KeyParts {
  readonly env: string;
  readonly id: string;
  readonly secret: string;
}

/** `ll_<env>_<keyId>_<secret>_<checksum>`; throws nothing, `env` must be 2 to 8 of a-z0-9. */
export function formatKey(parts: KeyParts): string {
  const body = `ll_${parts.env}_${parts.id}_${parts.secret}`;
  return `${body}_${checksum(body)}`;
}

/** The parts of a key whose length, form and checksum are right; else undefined. */
export function parseKey(key: string): KeyParts | undefined {
  if (key.length > keyCharsMax) return undefined;
  const [, body = "", env = "", id = "", secret = "", sum] = keyPattern.exec(key) ?? [];
  return sum !== undefined && checksum(body) === sum ? { env, id, secret } : undefined;
}

/** A fresh id and a secret of 32 random bytes. */
export function drawKey(env: string, random: Random): KeyParts {
  return {
    env,
    id: base62(random.bytes(idChars), idChars),
    secret: base62(random.bytes(secretBytes), secretChars),
  };
}

function checksum(body: string): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, crc32(body));
  return base62(bytes, checksumChars);
}

/** Bytes as a number in base 62, cut or filled on the left to `length`. */
export function base62(bytes: Uint8Array, length: number): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  for (let i = 0; i < length; i++) {
    text = (alphabet[Number(value % 62n)] ?? "0") + text;
    value /= 62n;
  }
  return text;
}
