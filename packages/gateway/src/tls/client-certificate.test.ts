import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type CertificateAsk, createAuthority } from "../../../testkit/src/authority/index.ts";
import { judgePeer, spiffeIdOf } from "./client-certificate.ts";
import { handshakeFault } from "./handshake-fault.ts";

const authority = createAuthority("clients");

function idOf(...uris: readonly string[]): string | undefined {
  const { cert } = authority.issue({ purpose: "client", uris });
  return spiffeIdOf(new X509Certificate(cert).subjectAltName);
}

describe("spiffeIdOf", () => {
  it("is the one URI name", () => {
    expect(idOf("spiffe://example.org/svc")).toBe("spiffe://example.org/svc");
    expect(idOf("spiffe://example.org/ns/a/sa/b")).toBe("spiffe://example.org/ns/a/sa/b");
  });

  it.each([
    ["no name", []],
    ["two SPIFFE ids", ["spiffe://example.org/a", "spiffe://example.org/b"]],
    ["an id beside another URI", ["spiffe://example.org/a", "https://example.org"]],
    ["another scheme", ["https://example.org/svc"]],
    ["no path", ["spiffe://example.org"]],
    ["an empty segment", ["spiffe://example.org//svc"]],
    ["a query", ["spiffe://example.org/svc?x=1"]],
    ["a port", ["spiffe://example.org:80/svc"]],
    ["capitals in the domain", ["spiffe://Example.org/svc"]],
    ["a name that looks like two", ["spiffe://example.org/a, URI:spiffe://example.org/b"]],
    ["a name that looks like another kind", ["x, URI:spiffe://example.org/b"]],
    ["a line break", ["spiffe://example.org/a\nb"]],
  ])("is none for %s", (_what, uris) => {
    expect(idOf(...uris)).toBeUndefined();
  });
});

describe("judgePeer", () => {
  const nowMs = Date.now();
  const dayMs = 86_400_000;
  const judge = (ask: CertificateAsk, atMs: number = nowMs, authorized = true) => {
    const certificate = new X509Certificate(authority.issue(ask).cert);
    return judgePeer({ authorized, getPeerX509Certificate: () => certificate }, atMs);
  };

  it("takes a verified one by its thumbprint, and its SPIFFE id where it has one", () => {
    const { cert, thumbprint } = authority.issue({ purpose: "client", uris: ["spiffe://a/b"] });
    const peer = { authorized: true, getPeerX509Certificate: () => new X509Certificate(cert) };
    expect(judgePeer(peer, nowMs)).toEqual({ thumbprint, spiffeId: "spiffe://a/b" });
    expect(judge({ purpose: "client" })).not.toHaveProperty("spiffeId");
    expect(judge({ purpose: "client", rsaBits: 2048 })).toHaveProperty("thumbprint");
    const bare = { authorized: false, getPeerX509Certificate: () => undefined };
    expect(judgePeer(bare, nowMs)).toBe("none");
  });

  it.each([
    ["not verified", { purpose: "client" }, nowMs, false],
    ["resumed after its end", { purpose: "client", untilMs: nowMs }, nowMs + 1001, true],
    ["before its time", { purpose: "client", fromMs: nowMs + dayMs }, nowMs, true],
    ["for servers", { purpose: "server" }, nowMs, true],
    ["without a purpose", { purpose: "any" }, nowMs, true],
    ["of RSA-1024", { purpose: "client", rsaBits: 1024 }, nowMs, true],
  ] as const)("refuses one %s", (_what, ask, atMs, authorized) => {
    expect(judge(ask, atMs, authorized)).toBe("refused");
  });
});

describe("handshakeFault", () => {
  const fault = (code: string): Error => Object.assign(new Error(code), { code });

  it("tells plain HTTP, slowness, age and hang-ups apart; what is unknown is other", () => {
    const of = (code: string): string => handshakeFault(fault(code), null);
    expect(of("ERR_SSL_HTTP_REQUEST")).toBe("plain_http");
    expect(of("ERR_TLS_HANDSHAKE_TIMEOUT")).toBe("timeout");
    expect(of("ERR_SSL_UNSUPPORTED_PROTOCOL")).toBe("version");
    expect(of("ERR_SSL_NO_SHARED_CIPHER")).toBe("cipher");
    expect(of("ERR_SSL_NO_APPLICATION_PROTOCOL")).toBe("protocol");
    expect(of("ECONNRESET")).toBe("closed");
    expect(of("ERR_SSL_WRONG_VERSION_NUMBER")).toBe("other");
    expect(handshakeFault("no error", undefined)).toBe("other");
  });

  it("a certificate that was not taken is the reason, however the connection ended", () => {
    expect(handshakeFault(fault("ECONNRESET"), "CERT_HAS_EXPIRED")).toBe("certificate");
  });
});
