/** Codes of keys, signatures, waiver files and gate files. */
export const attestationErrors = {
  LL_SIGN_KEY: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A key file cannot be used.",
    remedy:
      "Give a PKCS#8 PEM file (to verify: its public half), made by `openssl genpkey -algorithm ed25519 -out signer.pem`.",
  },
  LL_SIGN_ALGORITHM: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "This Node lacks the algorithm of a key, or the key is of another kind.",
    remedy: "Use Ed25519 or ML-DSA-65 keys, with a Node built on OpenSSL 3.5 or later.",
  },
  LL_SIGN_NO_KEY: {
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "A sign-off is signed, and no key was given.",
    remedy: "Give `--sign-key FILE[,FILE]`.",
  },
  LL_SIGN_REFUSED: {
    fault: "caller",
    retryable: false,
    exit: 1,
    summary: "The bundle cannot be approved.",
    remedy: "Run `loadline verify` on it; approve only a bundle that agrees and is READY.",
  },
  LL_GATE_FILE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The gate file cannot be read, or a gate is malformed.",
    remedy: "Correct the named line.",
  },
  LL_WAIVER_FILE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The waivers cannot be read, or break a rule.",
    remedy:
      "Correct the named line; every waiver needs owner, approver, reason, expiry and target.",
  },
} as const;
