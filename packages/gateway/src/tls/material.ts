import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { gatewayErrors } from "../errors.ts";
import type { TlsConfig } from "./config.ts";
import { readTlsFiles, type TlsFiles, type TlsPair } from "./files.ts";
import { ContextsByName, dnsNamesOf } from "./names.ts";

/** What connections are encrypted with: checked once, then never changed. */
export interface TlsMaterial {
  readonly options: SecureContextOptions;
  readonly files: TlsFiles;
  /** What clients get that ask for the name of a further certificate. */
  readonly byName: ContextsByName;
  /** `sha256:` and 64 hex digits of the server's own certificate. */
  readonly thumbprint: string;
  /** Wall-clock ms of the first end among all certificates. */
  readonly notAfterMs: number;
  /** The runtime lacks the group that `tls.pq: prefer` asks for. */
  readonly isClassicOnly: boolean;
}

const hybridGroup = "X25519MLKEM768";
const classicGroups = "X25519:P-256:P-384";
/** Forward secrecy and authenticated encryption only. */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");
/** A session is resumed no later than this. */
const ticketSeconds = 300;
/** Sessions belong to the listener, whichever certificate they began with. */
const sessionIdContext = "loadline";
const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const certificatesMax = 64;

/**
 * Reads and checks everything that a section names.
 * @throws LL_TLS_FILE, LL_TLS_CERTIFICATE, LL_TLS_KEY, LL_TLS_VALIDITY, LL_TLS_CLIENT_CA,
 * LL_TLS_GROUP
 */
export function readMaterial(config: TlsConfig, nowMs: number): TlsMaterial {
  return materialOf(config, readTlsFiles(config), nowMs);
}

/** The same of contents at hand; without `nowMs` certificates that have ended are taken too. */
export function materialOf(config: TlsConfig, files: TlsFiles, nowMs?: number): TlsMaterial {
  const first = checkPair(files, "tls.files", nowMs);
  if (files.ca !== undefined) certificatesOf(files.ca, "LL_TLS_CLIENT_CA", "tls.mtls.ca");
  const { groups, isClassicOnly } = groupsOf(config.pq);
  const options: SecureContextOptions = {
    cert: files.cert,
    key: files.key,
    minVersion: config.minVersion === "1.3" ? "TLSv1.3" : "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers,
    honorCipherOrder: true,
    ecdhCurve: groups,
    sessionTimeout: ticketSeconds,
    sessionIdContext,
    ...(files.ca !== undefined && { ca: files.ca }),
    ...(files.crl !== undefined && { crl: files.crl }),
  };
  checkContext(options, "LL_TLS_CLIENT_CA", "tls.mtls");
  const byName = new ContextsByName();
  const ends = [first.notAfterMs];
  for (const [i, pair] of files.further.entries()) {
    const at = `tls.certificates[${i}]`;
    const { own, notAfterMs } = checkPair(pair, at, nowMs);
    const { cert, key } = pair;
    const context = createSecureContext({ ...options, cert, key });
    const problem = byName.add(dnsNamesOf(own.subjectAltName), context);
    if (problem !== undefined)
      throw gatewayErrors.make("LL_TLS_CERTIFICATE", `${at}.cert: ${problem}.`);
    ends.push(notAfterMs);
  }
  return {
    options,
    files,
    byName,
    thumbprint: thumbprintOf(first.own),
    notAfterMs: Math.min(...ends),
    isClassicOnly,
  };
}

/** Checks that a pair can be served with; `at` is where the configuration names it. */
function checkPair(
  { cert, key }: TlsPair,
  at: string,
  nowMs: number | undefined,
): { readonly own: X509Certificate; readonly notAfterMs: number } {
  const chain = certificatesOf(cert, "LL_TLS_CERTIFICATE", `${at}.cert`);
  const [own] = chain;
  if (!own) throw gatewayErrors.make("LL_TLS_CERTIFICATE");
  checkKey(own, privateKey(key, at), at);
  if (nowMs !== undefined) checkTimes(chain, nowMs, at);
  checkContext({ cert, key }, "LL_TLS_CERTIFICATE", at);
  return { own, notAfterMs: Math.min(...chain.map((one) => one.validToDate.getTime())) };
}

/** `sha256:` and 64 lower-case hex digits. */
export function thumbprintOf(certificate: X509Certificate): string {
  return `sha256:${certificate.fingerprint256.replaceAll(":", "").toLowerCase()}`;
}

type FileCode = "LL_TLS_CERTIFICATE" | "LL_TLS_CLIENT_CA";

/** Every certificate of a PEM text, 1 to 64; `key` is who names it. The given code. */
export function certificatesOf(pem: string, code: FileCode, key: string): X509Certificate[] {
  const blocks = pem.match(certificatePattern) ?? [];
  if (blocks.length === 0) throw gatewayErrors.make(code, `${key}: no PEM certificate is in it.`);
  if (blocks.length > certificatesMax)
    throw gatewayErrors.make(code, `${key}: over ${certificatesMax} certificates are in it.`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw gatewayErrors.make(code, `${key}: a certificate in it is damaged.`, { cause });
  }
}

function privateKey(pem: string, at: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const text = pem.includes("ENCRYPTED") ? "has a passphrase" : "is no PEM private key";
    throw gatewayErrors.make("LL_TLS_KEY", `${at}.key: it ${text}.`, { cause });
  }
}

function checkKey(own: X509Certificate, key: KeyObject, at: string): void {
  if (own.checkPrivateKey(key)) return;
  throw gatewayErrors.make("LL_TLS_KEY", `${at}.key: it is not the key of ${at}.cert.`);
}

function checkTimes(chain: readonly X509Certificate[], nowMs: number, at: string): void {
  for (const { subject, validFromDate, validToDate } of chain) {
    const isEarly = nowMs < validFromDate.getTime();
    if (!isEarly && nowMs <= validToDate.getTime()) continue;
    const when = isEarly
      ? `from ${validFromDate.toISOString()}`
      : `to ${validToDate.toISOString()}`;
    const name = subject.replaceAll("\n", ", ");
    throw gatewayErrors.make("LL_TLS_VALIDITY", `${at}.cert: ${name} is valid ${when} only.`);
  }
}

/** OpenSSL has the last word; what it says is kept as the cause. */
function checkContext(options: SecureContextOptions, code: FileCode, key: string): void {
  try {
    createSecureContext(options);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw gatewayErrors.make(code, `${key}: refused by OpenSSL (${text}).`, { cause });
  }
}

function groupsOf(pq: TlsConfig["pq"]): { groups: string; isClassicOnly: boolean } {
  if (pq === "off") return { groups: classicGroups, isClassicOnly: false };
  const isKnown = knowsGroup(hybridGroup);
  if (pq === "prefer") {
    const groups = isKnown ? `${hybridGroup}:${classicGroups}` : classicGroups;
    return { groups, isClassicOnly: !isKnown };
  }
  if (!isKnown) throw gatewayErrors.make("LL_TLS_GROUP");
  return { groups: hybridGroup, isClassicOnly: false };
}

function knowsGroup(name: string): boolean {
  try {
    createSecureContext({ ecdhCurve: name });
    return true;
  } catch (cause) {
    if (cause instanceof Error) return false;
    throw cause;
  }
}
