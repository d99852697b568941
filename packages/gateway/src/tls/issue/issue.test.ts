import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { listenOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { createAuthority } from "../../../../testkit/src/authority/index.ts";
import { runGateway, temporaryDir } from "../../../test/harness.ts";
import type { TlsPair } from "../files.ts";
import { type KeyAlgorithm, keyAlgorithms, keyIdOf } from "./certificate.ts";
import { type CertificateAsk, issueCertificate, makeAuthority } from "./issue.ts";

const nowMs = Math.floor(Date.now() / 1000) * 1000;
const dayMs = 86_400_000;

const authorityWith = (algorithm: KeyAlgorithm, days = 30, atMs = nowMs): TlsPair =>
  makeAuthority({ name: "Ours", algorithm, nowMs: atMs, days });

const ask = (more: Partial<CertificateAsk> = {}): CertificateAsk => ({
  name: "a.test",
  algorithm: "ecdsa-p256",
  purpose: "server",
  hosts: ["localhost", "127.0.0.1"],
  uris: [],
  nowMs,
  days: 7,
  ...more,
});

/** What a client that trusts `ca` gets from a server with this pair: its greeting, or why not. */
async function greeting(pair: TlsPair, ca: string, client?: TlsPair): Promise<string> {
  const mtls = client ? { requestCert: true, ca } : {};
  const server = createServer({ ...pair, ...mtls }, (socket: TLSSocket) => {
    socket.on("error", () => undefined);
    socket.end(client ? `authorized ${socket.authorized}` : "hello");
  });
  const port = await listenOnLoopback(server);
  try {
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca, ...client });
    socket.setEncoding("utf8");
    let text = "";
    socket.on("data", (piece: string) => void (text += piece));
    await once(socket, "close");
    return text;
  } catch (cause) {
    return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  } finally {
    server.close();
  }
}

describe.each(keyAlgorithms)("an authority with a key of %s", (algorithm) => {
  const authority = authorityWith(algorithm);

  it.each(keyAlgorithms)(
    "vouches for a server with a key of %s to those who trust it",
    async (of) => {
      const pair = issueCertificate(authority, ask({ algorithm: of }));
      expect(await greeting(pair, authority.cert)).toBe("hello");
      const stranger = authorityWith(algorithm);
      expect(await greeting(pair, stranger.cert)).toMatch(/SIGNATURE|UNABLE|SELF_SIGNED/);
    },
  );

  it("vouches for a client", async () => {
    const server = issueCertificate(authority, ask());
    const client = issueCertificate(authority, ask({ purpose: "client", hosts: [] }));
    expect(await greeting(server, authority.cert, client)).toBe("authorized true");
  });
});

it("the gateway serves TLS with an issued pair to a client that trusts the authority, to no other", async () => {
  const authority = authorityWith("ecdsa-p256");
  const pair = issueCertificate(authority, ask());
  const dir = temporaryDir();
  const files = { cert: join(dir, "a.crt"), key: join(dir, "a.key") };
  writeFileSync(files.cert, pair.cert);
  writeFileSync(files.key, pair.key);
  await using gateway = await runGateway({ tls: { files } });
  const statusWith = async (ca: string): Promise<number> => {
    const request = get(`${gateway.url}/healthz`, { ca, agent: false });
    const [answer]: IncomingMessage[] = await once(request, "response");
    answer?.resume();
    return answer?.statusCode ?? 0;
  };
  expect(await statusWith(authority.cert)).toBe(200);
  await expect(statusWith(authorityWith("ecdsa-p256").cert)).rejects.toThrow(/certificate/);
  rmSync(dir, { recursive: true });
});

describe("what a certificate says", () => {
  const authority = authorityWith("ecdsa-p256");
  const own = new X509Certificate(authority.cert);

  it("names hosts, addresses and URIs, its purpose, its days and who vouches for it", () => {
    const hosts = ["a.test", "*.b.test", "10.0.0.7", "::1", "2001:db8::ff00:42:8329"];
    const uris = ["spiffe://example.org/svc"];
    const pair = issueCertificate(authority, ask({ hosts, uris }));
    const made = new X509Certificate(pair.cert);
    expect(made.subjectAltName).toBe(
      "DNS:a.test, DNS:*.b.test, IP Address:10.0.0.7, IP Address:0:0:0:0:0:0:0:1, " +
        "IP Address:2001:DB8:0:0:0:FF00:42:8329, URI:spiffe://example.org/svc",
    );
    expect([made.ca, made.subject, made.issuer]).toEqual([false, "CN=a.test", "CN=Ours"]);
    expect(made.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(made.validToDate.getTime()).toBe(nowMs + 7 * dayMs);
    expect(made.validFromDate.getTime()).toBeLessThan(nowMs);
    expect([made.checkIssued(own), made.verify(own.publicKey)]).toEqual([true, true]);
    expect(made.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
    expect(own.ca).toBe(true);
    // Strict verifiers find the authority by the identifier of its key.
    const id = keyIdOf(own.publicKey);
    expect([own.raw.includes(id), made.raw.includes(id)]).toEqual([true, true]);
  });

  it("no two have a serial number in common", () => {
    const serials = Array.from(
      { length: 20 },
      () => new X509Certificate(issueCertificate(authority, ask()).cert).serialNumber,
    );
    expect(new Set(serials).size).toBe(20);
  });

  it("an authority that somebody else made vouches, too", async () => {
    const foreign = createAuthority("theirs");
    const pair = issueCertificate({ cert: foreign.cert, key: foreign.key }, ask());
    expect(await greeting(pair, foreign.cert)).toBe("hello");
  });
});

describe("nothing is issued", () => {
  const authority = authorityWith("ecdsa-p256");
  const leaf = issueCertificate(authority, ask());

  it.each<[string, TlsPair, string]>([
    ["by a certificate that is no authority", leaf, "it is no authority"],
    ["with another one's key", { ...authority, key: leaf.key }, "the key is another one's"],
    ["by an authority that ended", authorityWith("ecdsa-p256", 1, nowMs - 2 * dayMs), "not valid"],
    ["for longer than the authority", authorityWith("ecdsa-p256", 3), "before the 7 days"],
    ["by what is no PEM", { cert: "x", key: "y" }, "no PEM certificate"],
  ])("%s", (_what, pair, message) => {
    expect(() => issueCertificate(pair, ask())).toThrow(
      expect.objectContaining({
        code: "LL_TLS_AUTHORITY",
        message: expect.stringContaining(message),
      }),
    );
  });

  it.each([
    [{ hosts: ["a_b.test"] }],
    [{ hosts: ["-a.test"] }],
    [{ hosts: ["a.*.test"] }],
    [{ hosts: [`${"a".repeat(64)}.test`] }],
    [{ hosts: ["fe80::1%eth0"] }],
    [{ hosts: ["a.test\u0000.b.test"] }],
    [{ uris: ["no uri"] }],
  ])("for %j: LL_TLS_NAME", (names) => {
    expect(() => issueCertificate(authority, ask(names))).toThrow(
      expect.objectContaining({ code: "LL_TLS_NAME" }),
    );
  });
});
