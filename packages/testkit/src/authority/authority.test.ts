import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createAuthority } from "./index.ts";

describe("createAuthority", () => {
  const authority = createAuthority("ours");
  const own = new X509Certificate(authority.cert);

  it("vouches for what it issues, and another of its name does not", () => {
    const { cert, key, thumbprint } = authority.issue({ purpose: "server" });
    const certificate = new X509Certificate(cert);
    expect(own.ca).toBe(true);
    expect(certificate.verify(own.publicKey)).toBe(true);
    expect(certificate.checkIssued(own)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    const hex = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
    expect(thumbprint).toBe(`sha256:${hex}`);
    const stranger = new X509Certificate(createAuthority("ours").cert);
    expect(certificate.verify(stranger.publicKey)).toBe(false);
  });

  it("puts names, purposes, times and key sizes in as asked", () => {
    const untilMs = Date.UTC(2051, 5, 1);
    const made = authority.issue({
      purpose: "client",
      uris: ["spiffe://a/b", "spiffe://a/c"],
      fromMs: Date.UTC(2020, 0),
      untilMs,
      rsaBits: 1024,
    });
    const certificate = new X509Certificate(made.cert);
    expect(certificate.subjectAltName).toBe("URI:spiffe://a/b, URI:spiffe://a/c");
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(certificate.validFromDate.getTime()).toBe(Date.UTC(2020, 0));
    expect(certificate.validToDate.getTime()).toBe(untilMs);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(1024);
    const old = new X509Certificate(authority.issue({ purpose: "client", isSha1: true }).cert);
    expect(old.verify(own.publicKey)).toBe(true);
    expect(old.raw.includes(Buffer.from("2a8648ce3d0401", "hex"))).toBe(true);
    const plain = new X509Certificate(authority.issue({ purpose: "any" }).cert);
    expect([plain.keyUsage, plain.subjectAltName]).toEqual([undefined, undefined]);
  });
});
