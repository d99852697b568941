/** Dead Simple Signing Envelope: bytes, their type, and signatures over both. */
import { toBytes } from "../evidence/digest.ts";
import { isData } from "../fold/read-data.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

export const payloadType = "application/vnd.in-toto+json";
export const signatureAlgorithms = ["ed25519", "ml-dsa-65"] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** More signatures in one envelope are refused. */
export const signaturesMax = 16;

export interface Envelope {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** Signs with one private key; keyId = SHA-256 of the public key's SPKI DER, hex. */
export interface Signer {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  sign(bytes: Uint8Array): Uint8Array;
}

/** A public key somebody trusts. */
export interface KnownKey {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** null = this runtime lacks the algorithm, so nothing was checked. */
  verify(bytes: Uint8Array, signature: Uint8Array): boolean | null | Promise<boolean | null>;
}

/** What is signed: `DSSEv1 LEN(type) type LEN(body) body`, lengths in bytes. */
export function preAuthEncoding(type: string, body: Uint8Array): Uint8Array {
  const head = toBytes(`DSSEv1 ${toBytes(type).length} ${type} ${body.length} `);
  const all = new Uint8Array(head.length + body.length);
  all.set(head);
  all.set(body, head.length);
  return all;
}

/** One envelope with a signature of every signer. */
export function makeEnvelope(payload: Uint8Array, signers: readonly Signer[]): Envelope {
  const bytes = preAuthEncoding(payloadType, payload);
  const signatures = signers.map((signer) => ({
    keyid: signer.keyId,
    sig: encodeBase64(signer.sign(bytes)),
  }));
  return { payload: encodeBase64(payload), payloadType, signatures };
}

function readSignature(value: unknown): Envelope["signatures"][number] | null {
  if (!isData(value)) return null;
  const { keyid, sig } = value as Readonly<Record<"keyid" | "sig", unknown>>;
  return typeof keyid === "string" && typeof sig === "string" ? { keyid, sig } : null;
}

/** A parsed `*.dsse.json`; null = not an envelope of ours. */
export function readEnvelope(value: unknown): Envelope | null {
  if (!isData(value) || value["payloadType"] !== payloadType) return null;
  const { payload, signatures: given } = value as Readonly<
    Record<"payload" | "signatures", unknown>
  >;
  if (typeof payload !== "string" || decodeBase64(payload) === null) return null;
  if (!Array.isArray(given) || given.length === 0 || given.length > signaturesMax) return null;
  const signatures = given.map(readSignature).filter((one) => one !== null);
  return signatures.length === given.length ? { payload, payloadType, signatures } : null;
}

export type SignatureState = "valid" | "invalid" | "unknown" | "not_checked";

export interface CheckedSignature {
  readonly keyId: string;
  readonly algorithm?: SignatureAlgorithm;
  readonly state: SignatureState;
}

async function checkOne(
  signature: Envelope["signatures"][number],
  bytes: Uint8Array,
  keys: readonly KnownKey[],
): Promise<CheckedSignature> {
  const key = keys.find(({ keyId }) => keyId === signature.keyid);
  if (!key) return { keyId: signature.keyid, state: "unknown" };
  const { keyId, algorithm } = key;
  const sig = decodeBase64(signature.sig);
  const holds = sig === null ? false : await key.verify(bytes, sig);
  if (holds === null) return { keyId, algorithm, state: "not_checked" };
  return { keyId, algorithm, state: holds ? "valid" : "invalid" };
}

/** Every signature of an envelope against the known keys; an unknown key is never valid. */
export async function checkEnvelope(
  envelope: Envelope,
  keys: readonly KnownKey[],
): Promise<readonly CheckedSignature[]> {
  const body = decodeBase64(envelope.payload) ?? new Uint8Array();
  const bytes = preAuthEncoding(envelope.payloadType, body);
  const checked: CheckedSignature[] = [];
  for (const signature of envelope.signatures) checked.push(await checkOne(signature, bytes, keys));
  return checked;
}
