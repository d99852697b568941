import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { bindingPattern, type ClientCertificate } from "../identity/certificate.ts";
import { thumbprintOf } from "./material.ts";

/** What a connection may be used for: with a certificate, without one, or not at all. */
export type PeerJudgement = ClientCertificate | "none" | "refused";

const clientAuth = "1.3.6.1.5.5.7.3.2";
const rsaBitsMin = 2048;
const uriName = /^URI:(.+)$/;

/**
 * Judges the certificate of a connection whose handshake is over, resumed or not. OpenSSL has
 * verified chain and revocation; times, purpose and strength are looked at again here, because a
 * resumed session shows what was true when it began.
 */
export function judgePeer(
  socket: Pick<TLSSocket, "authorized" | "getPeerX509Certificate">,
  nowMs: number,
): PeerJudgement {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return "none";
  if (!socket.authorized || !isUsable(certificate, nowMs)) return "refused";
  const spiffeId = spiffeIdOf(certificate.subjectAltName);
  const thumbprint = thumbprintOf(certificate);
  return spiffeId === undefined ? { thumbprint } : { thumbprint, spiffeId };
}

function isUsable(certificate: X509Certificate, nowMs: number): boolean {
  const { validFromDate, validToDate, publicKey, keyUsage } = certificate;
  if (nowMs < validFromDate.getTime() || nowMs > validToDate.getTime()) return false;
  // What Node calls its key usage is the list of extended purposes.
  const purposes: unknown = keyUsage;
  if (!Array.isArray(purposes) || !purposes.includes(clientAuth)) return false;
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  return bits === undefined || bits >= rsaBitsMin;
}

/** The one URI among the names, when it is a SPIFFE id; two make none. */
export function spiffeIdOf(names: string | undefined): string | undefined {
  // A name that holds a comma or a quote is written in quotes, and is no SPIFFE id either way.
  const uris = (names ?? "").split(", ").filter((name) => name.startsWith("URI:"));
  const [only] = uris;
  if (only === undefined || uris.length > 1) return undefined;
  const uri = uriName.exec(only)?.[1] ?? "";
  return uri.startsWith("spiffe:") && bindingPattern.test(uri) ? uri : undefined;
}
