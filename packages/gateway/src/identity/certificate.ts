/** A client certificate that the TLS layer has verified. */
export interface ClientCertificate {
  /** `sha256:` and 64 lower-case hex digits. */
  readonly thumbprint: string;
  /** Its one URI name, when that is a SPIFFE id. */
  readonly spiffeId?: string;
}

/** What a key may be bound to: a thumbprint or a SPIFFE id. */
export const bindingPattern =
  /^(sha256:[0-9a-f]{64}|spiffe:\/\/[a-z0-9][a-z0-9._-]{0,254}(\/[A-Za-z0-9._-]{1,255})+)$/;

/** Whether a key bound to `boundTo` may be used by this peer: the whole name, never a prefix. */
export function isBoundTo(boundTo: string, certificate: ClientCertificate | undefined): boolean {
  if (certificate === undefined) return false;
  return certificate.thumbprint === boundTo || certificate.spiffeId === boundTo;
}
