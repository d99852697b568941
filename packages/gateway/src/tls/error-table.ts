import type { ErrorTable } from "@loadline/kit/errors";

const refused = { fault: "caller", retryable: false, exit: 78 } as const;

/** Codes of certificates, keys and lists that cannot be served with. */
export const tlsErrorTable = {
  LL_TLS_FILE: {
    ...refused,
    summary: "A file of the tls section cannot be read.",
    remedy: "Let the gateway's user read the file named in the message, or correct its path.",
  },
  LL_TLS_CERTIFICATE: {
    ...refused,
    summary: "The server's certificate cannot be used.",
    remedy: "Put PEM certificates into tls.files.cert, the server's own first.",
  },
  LL_TLS_KEY: {
    ...refused,
    summary: "The private key does not belong to the server's certificate.",
    remedy: "Put the PEM key of that certificate into tls.files.key, without a passphrase.",
  },
  LL_TLS_VALIDITY: {
    ...refused,
    summary: "The server's certificate is not valid at this time.",
    remedy: "Renew the certificate, or correct the clock of this machine.",
  },
  LL_TLS_CLIENT_CA: {
    ...refused,
    summary: "The authorities or the revocation list for client certificates cannot be used.",
    remedy: "Put PEM certificates into tls.mtls.ca and PEM lists of theirs into tls.mtls.crl.",
  },
  LL_TLS_NONE: {
    ...refused,
    summary: "There is no certificate to look at.",
    remedy: "Name PEM files behind `loadline certs check`, or set tls.files in the configuration.",
  },
  LL_TLS_AUTHORITY: {
    ...refused,
    summary: "The authority cannot vouch for this certificate.",
    remedy: "Make one with `loadline certs ca`, or ask for fewer days.",
  },
  LL_TLS_NAME: {
    ...refused,
    exit: 64,
    summary: "A name cannot stand in a certificate.",
    remedy: "Give host names such as a.test or *.a.test, IP addresses, or URIs.",
  },
  LL_TLS_EXISTS: {
    ...refused,
    summary: "A file is there already; certificates and keys are never overwritten.",
    remedy: "Choose another name or --out, or move the files named in the message away.",
  },
  LL_TLS_GROUP: {
    ...refused,
    summary: "This runtime does not know the post-quantum key exchange X25519MLKEM768.",
    remedy: "Use a runtime with OpenSSL 3.5 or later, or set tls.pq to prefer.",
  },
} as const satisfies ErrorTable;
