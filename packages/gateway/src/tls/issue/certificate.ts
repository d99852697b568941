import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { bitString, oid, pemOf, sequence, tlv, valuesOf } from "@loadline/kit/der";

/** Keys that are made here; browsers do not take ML-DSA yet. */
export const keyAlgorithms = ["ecdsa-p256", "ml-dsa-65"] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

/** What a certificate says, beside who vouches for it (RFC 5280). */
export interface CertificateParts {
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly extensions: readonly Buffer[];
}

/** Who vouches for a certificate. */
export interface Signer {
  readonly name: Buffer;
  readonly privateKey: KeyObject;
}

const serialBytes = 16;
/** ecdsa-with-SHA256 (RFC 5758), id-ml-dsa-65 (RFC 9881): both without parameters. */
const ecdsaSha256 = sequence(oid("2a8648ce3d040302"));
const mlDsa65 = sequence(oid("608648016503040312"));

export function makeKeyPair(algorithm: KeyAlgorithm): {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
} {
  if (algorithm === "ml-dsa-65") return generateKeyPairSync("ml-dsa-65");
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** Whether certificates can be signed with this key here. */
export function isSigningKey({
  asymmetricKeyType: type,
  asymmetricKeyDetails,
}: KeyObject): boolean {
  return (
    type === "ml-dsa-65" || (type === "ec" && asymmetricKeyDetails?.namedCurve === "prime256v1")
  );
}

/** PEM of a version 3 certificate with a random serial number. */
export function signCertificate(parts: CertificateParts, signer: Signer): string {
  const isPq = signer.privateKey.asymmetricKeyType === "ml-dsa-65";
  const algorithm = isPq ? mlDsa65 : ecdsaSha256;
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, newSerial()),
    algorithm,
    signer.name,
    sequence(timeOf(parts.fromMs), timeOf(parts.untilMs)),
    parts.subject,
    parts.publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(...parts.extensions)),
  );
  const signature = sign(isPq ? null : "sha256", body, signer.privateKey);
  return pemOf("CERTIFICATE", sequence(body, algorithm, bitString(signature)));
}

/** A name of one part, its common name. */
export function nameOf(text: string): Buffer {
  return sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from(text)))));
}

export function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [tlv(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, tlv(0x04, value));
}

/** The first 160 bits of SHA-256 over the public key (RFC 7093, method 1). */
export function keyIdOf(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: "spki", format: "der" });
  const bits = valuesOf(valuesOf(spki)[0]?.value ?? spki)[1]?.value ?? spki;
  return createHash("sha256").update(bits.subarray(1)).digest().subarray(0, 20);
}

/** Positive and of full length. */
function newSerial(): Buffer {
  const bytes = randomBytes(serialBytes);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

const utcTimeEnd = Date.UTC(2050, 0);

/** A UTCTime before 2050 and a GeneralizedTime from then on. */
function timeOf(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return ms < utcTimeEnd ? tlv(0x17, Buffer.from(text.slice(2))) : tlv(0x18, Buffer.from(text));
}
