import type { KeyObject, X509Certificate } from "node:crypto";
import type { TlsConfig } from "./config.ts";
import { readPem } from "./files.ts";
import { certificatesOf, thumbprintOf } from "./material.ts";
import { certificateNames } from "./names.ts";

/** How a certificate stands at a time; `ending`: within the days that were asked about. */
export type CertificateState = "good" | "ending" | "ended" | "early";

/** What one certificate of a file says of itself. */
export interface CertificateView {
  /** Where the configuration names its file, or the file as it was given. */
  readonly at: string;
  readonly path: string;
  /** 1 is the first of the file: the server's own, those that vouch for it follow. */
  readonly position: number;
  readonly subject: string;
  readonly issuer: string;
  /** As the certificate has them, such as `DNS:a.test`. */
  readonly names: readonly string[];
  readonly isAuthority: boolean;
  /** Kind and size, such as `EC P-256`, `RSA 2048`, `ML-DSA-65`. */
  readonly key: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days until its end; below 0 once it is over. */
  readonly daysLeft: number;
  readonly thumbprint: string;
  readonly state: CertificateState;
}

/** A PEM file of certificates and where it is named. */
export interface CertificatePlace {
  readonly at: string;
  readonly path: string;
}

const dayMs = 86_400_000;
const curves: Readonly<Record<string, string>> = {
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

/** Every file of certificates that a section names, in its order; no key and no list. */
export function certificatePlaces({ files, certificates, mtls }: TlsConfig): CertificatePlace[] {
  return [
    { at: "tls.files.cert", path: files.cert },
    ...certificates.map(({ cert }, i) => ({ at: `tls.certificates[${i}].cert`, path: cert })),
    ...(mtls ? [{ at: "tls.mtls.ca", path: mtls.ca }] : []),
  ];
}

/**
 * Reads the certificates of one file, at most 64, whether their time is over or not. `endingDays`
 * is how long before its end one counts as ending. LL_TLS_FILE, LL_TLS_CERTIFICATE.
 */
export function describeCertificates(
  { at, path }: CertificatePlace,
  nowMs: number,
  endingDays: number,
): CertificateView[] {
  const chain = certificatesOf(readPem(at, path), "LL_TLS_CERTIFICATE", at);
  return chain.map((one, i) => ({
    at,
    path,
    position: i + 1,
    subject: oneLine(one.subject),
    issuer: oneLine(one.issuer),
    names: certificateNames(one.subjectAltName),
    isAuthority: one.ca,
    key: keyText(one.publicKey),
    notBefore: one.validFromDate.toISOString(),
    notAfter: one.validToDate.toISOString(),
    daysLeft: Math.floor((one.validToDate.getTime() - nowMs) / dayMs),
    thumbprint: thumbprintOf(one),
    state: stateOf(one, nowMs, endingDays),
  }));
}

const oneLine = (name: string | undefined): string => (name ?? "").replaceAll("\n", ", ");

function stateOf(one: X509Certificate, nowMs: number, endingDays: number): CertificateState {
  const untilMs = one.validToDate.getTime();
  if (nowMs < one.validFromDate.getTime()) return "early";
  if (nowMs > untilMs) return "ended";
  return untilMs - nowMs < endingDays * dayMs ? "ending" : "good";
}

function keyText({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  if (namedCurve !== undefined) return `EC ${curves[namedCurve] ?? namedCurve}`;
  const name = asymmetricKeyType ?? "unknown";
  const kind = name === "ed25519" ? "Ed25519" : name.toUpperCase();
  return modulusLength === undefined ? kind : `${kind} ${modulusLength}`;
}
