import { codeOf } from "@loadline/kit/errors";
import type { HandshakeOutcome } from "./metrics.ts";

const byCode: Readonly<Record<string, HandshakeOutcome>> = {
  ERR_SSL_HTTP_REQUEST: "plain_http",
  ERR_TLS_HANDSHAKE_TIMEOUT: "timeout",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "version",
  ERR_SSL_VERSION_TOO_LOW: "version",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "version",
  ERR_SSL_NO_SHARED_CIPHER: "cipher",
  ERR_SSL_NO_SUITABLE_KEY_SHARE: "cipher",
  ERR_SSL_NO_SHARED_GROUP: "cipher",
  ERR_SSL_NO_APPLICATION_PROTOCOL: "protocol",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "certificate",
  ERR_SSL_CERTIFICATE_VERIFY_FAILED: "certificate",
  ECONNRESET: "closed",
  EPIPE: "closed",
};

/** Why a handshake came to nothing, from the error and what was found of the peer's certificate. */
export function handshakeFault(cause: unknown, authorizationError: unknown): HandshakeOutcome {
  if (typeof authorizationError === "string" && authorizationError !== "") return "certificate";
  const code = codeOf(cause, "");
  return byCode[code] ?? "other";
}
