import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP, isIPv4 } from "node:net";
import { type DerValue, oid, sequence, tlv, valuesOf } from "@loadline/kit/der";
import { gatewayErrors } from "../../errors.ts";
import type { TlsPair } from "../files.ts";
import {
  extension,
  isSigningKey,
  type KeyAlgorithm,
  keyIdOf,
  makeKeyPair,
  nameOf,
  signCertificate,
} from "./certificate.ts";

export interface AuthorityAsk {
  /** Common name. */
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly nowMs: number;
  readonly days: number;
}

export interface CertificateAsk extends AuthorityAsk {
  /** What it may be used for. */
  readonly purpose: "server" | "client";
  /** DNS names, `*.name` included, and IP addresses. */
  readonly hosts: readonly string[];
  /** URI names, such as a SPIFFE id. */
  readonly uris: readonly string[];
}

const dayMs = 86_400_000;
/** Clocks of other machines may be behind by this. */
const skewMs = 300_000;
const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const dnsName = new RegExp(String.raw`^(?:\*\.)?${label}(?:\.${label})*$`);
const dnsCharsMax = 253;
const purposes = { server: "2b06010505070301", client: "2b06010505070302" } as const;
const keyIdentifier = "551d0e";

/** An authority of its own name for certificates of this house: it vouches for no other authority. */
export function makeAuthority(ask: AuthorityAsk): TlsPair {
  const { publicKey, privateKey } = makeKeyPair(ask.algorithm);
  const name = nameOf(ask.name);
  const isAuthority = sequence(tlv(0x01, Buffer.from([0xff])), tlv(0x02, Buffer.from([0])));
  const id = keyIdOf(publicKey);
  const extensions = [
    extension("551d13", isAuthority, true),
    // keyCertSign and cRLSign
    extension("551d0f", tlv(0x03, Buffer.from([1, 0x06])), true),
    extension(keyIdentifier, tlv(0x04, id)),
    extension("551d23", sequence(tlv(0x80, id))),
  ];
  const times = timesOf(ask);
  const signer = { name, privateKey };
  const cert = signCertificate({ subject: name, publicKey, ...times, extensions }, signer);
  return { cert, key: pemOfKey(privateKey) };
}

/**
 * A certificate that an authority vouches for, with a new key. LL_TLS_AUTHORITY when the authority
 * cannot, or ends before it; LL_TLS_NAME for a host or URI that is none.
 */
export function issueCertificate(authority: TlsPair, ask: CertificateAsk): TlsPair {
  const signer = signerOf(authority, ask.nowMs);
  const times = timesOf(ask);
  if (times.untilMs > signer.untilMs) {
    const ends = new Date(signer.untilMs).toISOString();
    throw refused(`it ends at ${ends}, before the ${ask.days} days of the certificate`);
  }
  const names = [...ask.hosts.map(hostName), ...ask.uris.map(uriName)];
  const { publicKey, privateKey } = makeKeyPair(ask.algorithm);
  const extensions = [
    extension("551d13", sequence(), true),
    // digitalSignature
    extension("551d0f", tlv(0x03, Buffer.from([7, 0x80])), true),
    extension("551d25", sequence(oid(purposes[ask.purpose]))),
    ...(names.length === 0 ? [] : [extension("551d11", sequence(...names))]),
    extension(keyIdentifier, tlv(0x04, keyIdOf(publicKey))),
    ...(signer.keyId ? [extension("551d23", sequence(tlv(0x80, signer.keyId)))] : []),
  ];
  const subject = nameOf(ask.name);
  const cert = signCertificate({ subject, publicKey, ...times, extensions }, signer);
  return { cert, key: pemOfKey(privateKey) };
}

interface Vouching {
  readonly name: Buffer;
  readonly privateKey: KeyObject;
  readonly keyId: Buffer | undefined;
  readonly untilMs: number;
}

function signerOf({ cert, key }: TlsPair, nowMs: number): Vouching {
  let own: X509Certificate;
  let privateKey: KeyObject;
  try {
    own = new X509Certificate(cert);
    privateKey = createPrivateKey(key);
  } catch (cause) {
    throw gatewayErrors.make("LL_TLS_AUTHORITY", "It is no PEM certificate with its PEM key.", {
      cause,
    });
  }
  if (!own.ca) throw refused("it is no authority");
  if (!own.checkPrivateKey(privateKey)) throw refused("the key is another one's");
  if (!isSigningKey(privateKey)) throw refused("its key is neither ECDSA P-256 nor ML-DSA-65");
  const untilMs = own.validToDate.getTime();
  if (nowMs < own.validFromDate.getTime() || nowMs > untilMs)
    throw refused("it is not valid at this time");
  return { ...fieldsOf(own), privateKey, untilMs };
}

/** Name and key identifier byte by byte: who compares them compares bytes. */
function fieldsOf({ raw }: X509Certificate): { name: Buffer; keyId: Buffer | undefined } {
  const parts = insideOf(insideOf(valuesOf(raw)));
  // version, serial number, algorithm, issuer, validity, subject
  const name = parts[5]?.whole;
  if (!name) throw refused("it has no name");
  for (const { value } of insideOf(insideOf(parts.filter(({ tag }) => tag === 0xa3)))) {
    const [id, ...rest] = valuesOf(value);
    if (id?.value.toString("hex") === keyIdentifier)
      return { name, keyId: insideOf(rest.slice(-1))[0]?.value };
  }
  return { name, keyId: undefined };
}

/** The values inside the first one. */
function insideOf([first]: readonly Pick<DerValue, "value">[]): DerValue[] {
  return first ? valuesOf(first.value) : [];
}

function hostName(host: string): Buffer {
  // A zone is of this machine alone.
  if (isIP(host) !== 0 && !host.includes("%")) return tlv(0x87, addressBytes(host));
  if (host.length <= dnsCharsMax && dnsName.test(host)) return tlv(0x82, Buffer.from(host));
  throw gatewayErrors.make("LL_TLS_NAME", `${JSON.stringify(host)} is neither host nor address.`);
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // A URL writes an IPv6 address in one way, the last part never as IPv4.
  const [left = "", right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [head, tail] = [groups(left), groups(right ?? "")];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const hex = [...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join("");
  return Buffer.from(hex, "hex");
}

function uriName(text: string): Buffer {
  const isUri = /^[\x21-\x7e]{1,2048}$/.test(text) && URL.canParse(text);
  if (isUri) return tlv(0x86, Buffer.from(text));
  throw gatewayErrors.make("LL_TLS_NAME", `${JSON.stringify(text)} is no URI.`);
}

/** Whole seconds, as certificates have them. */
function timesOf({ nowMs, days }: AuthorityAsk): { fromMs: number; untilMs: number } {
  const seconds = Math.floor(nowMs / 1000) * 1000;
  return { fromMs: seconds - skewMs, untilMs: seconds + days * dayMs };
}

function pemOfKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function refused(why: string): Error {
  return gatewayErrors.make("LL_TLS_AUTHORITY", `The authority cannot vouch: ${why}.`);
}
