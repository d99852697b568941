import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { sampleIn } from "../../test/answers.ts";
import { type Running, runGateway, temporaryDir } from "../../test/harness.ts";
import { TlsFolder, TlsPeer } from "../../test/tls.ts";
import { operator } from "../index.ts";

const fronts = ["http1", "node"] as const;
type FrontName = (typeof fronts)[number];
const path = "/v1/chat/completions";
const body = JSON.stringify({ model: "sim", messages: [{ role: "user", content: "hi" }] });

const within = (holds: () => boolean | Promise<boolean>): Promise<void> =>
  eventually(systemClock(), holds, 10_000);

interface Served extends AsyncDisposable {
  readonly gateway: Running;
  readonly folder: TlsFolder;
  peer(o?: ConnectionOptions): TlsPeer;
  raw(): Socket;
  /** Handshakes that ended so. */
  count(outcome: string): Promise<number>;
}

async function serve(
  front: FrontName,
  more: Record<string, unknown> = {},
  folder: TlsFolder = new TlsFolder(),
  bounds: Record<string, number> = {},
): Promise<Served> {
  const tls = folder.section(more);
  const http = { front, ...bounds };
  // Handshakes and open connections are counted of everybody.
  const gateway = await runGateway({ tls, http, selfProbe: { enabled: false } });
  const ca = folder.servers.cert;
  return {
    gateway,
    folder,
    peer: (o = {}) => new TlsPeer(gateway.url, { ca, ...o }),
    raw() {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      return socket.on("error", () => socket.destroy());
    },
    async count(outcome) {
      const cert = folder.clients.issue({ purpose: "client" });
      using asker = new TlsPeer(gateway.url, { ca, ...cert });
      asker.socket.write(
        `GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${gateway.key}\r\n` +
          "Connection: close\r\n\r\n",
      );
      await within(() => asker.isClosed);
      return sampleIn(asker.text, `loadline_tls_handshakes_total{outcome="${outcome}"}`);
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

function chat(key: string, more = ""): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\n` +
    `Content-Type: application/json\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** Status and code of a chat on a connection of its own; how it ended where there was no answer. */
async function ask(served: Served, key: string, o: ConnectionOptions = {}): Promise<string> {
  using peer = served.peer(o);
  peer.socket.write(chat(key, "Connection: close\r\n"));
  await within(() => peer.isClosed);
  const [status] = peer.statuses;
  const code = /"code":"(LL_\w+)"/.exec(peer.text)?.[1];
  return status === undefined ? "no answer" : [status, code].filter(Boolean).join(" ");
}

const level = ":@SECLEVEL=0";
const weak = `DEFAULT${level}`;

describe.each(fronts)("a listener with TLS, front %s", (front) => {
  it("speaks HTTP/1.1 over TLS 1.3 with the hybrid group first, and 1.2 with forward secrecy; answers carry HSTS", async () => {
    await using served = await serve(front);
    expect(served.gateway.url).toMatch(/^https:/);
    using modern = served.peer({ ALPNProtocols: ["h2", "http/1.1"] });
    modern.socket.write(chat(served.gateway.key));
    await within(() => modern.statuses.length > 0);
    const { socket } = modern;
    expect(socket.getProtocol()).toBe("TLSv1.3");
    expect(socket.alpnProtocol).toBe("http/1.1");
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: "X25519MLKEM768" });
    expect(modern.text).toMatch(/^HTTP\/1\.1 200 /);
    expect(modern.text.toLowerCase()).toContain("strict-transport-security: max-age=31536000\r\n");
    using old = served.peer({ maxVersion: "TLSv1.2" });
    old.socket.write(chat(served.gateway.key));
    await within(() => old.statuses.length > 0);
    expect(old.socket.getCipher().name).toMatch(/^ECDHE-ECDSA-.*(GCM|POLY1305)/);
  });

  it.each([
    ["TLS 1.1 alone", "version", { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: weak }],
    ["CBC alone", "cipher", { maxVersion: "TLSv1.2", ciphers: `ECDHE-ECDSA-AES128-SHA${level}` }],
    ["HTTP/2 alone", "protocol", { ALPNProtocols: ["h2"] }],
  ] satisfies [string, string, ConnectionOptions][])(
    "%s is refused and counted as %s",
    async (_what, outcome, o) => {
      await using served = await serve(front);
      using peer = served.peer(o);
      await within(() => peer.isClosed);
      expect(peer.text).toBe("");
      expect(await served.count(outcome)).toBe(1);
      expect(await ask(served, served.gateway.key)).toBe("200");
    },
  );

  it.each([
    ["no name", { servername: "" }],
    ["a name that the certificate has not", { servername: "other.test" }],
    ["a name as long as they may be", { servername: `${"a".repeat(63)}.`.repeat(4).slice(0, 253) }],
    ["a name that no host has", { servername: "a b\t/../%00\"'<>.test" }],
    ["no protocol", { servername: "localhost" }],
    ["HTTP/1.1 behind others", { ALPNProtocols: ["h2", "acme-tls/1", "http/1.1"] }],
  ] satisfies [string, ConnectionOptions][])(
    "a client that asks for %s is served with the one certificate",
    async (_what, o) => {
      await using served = await serve(front);
      const anyName = { checkServerIdentity: () => undefined };
      expect(await ask(served, served.gateway.key, { ...o, ...anyName })).toBe("200");
      expect(await served.count("other")).toBe(0);
    },
  );

  it("plain HTTP and noise end their own connection alone, counted", async () => {
    await using served = await serve(front);
    for (const bytes of ["GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "\u0000\u0001noise\r\n\r\n"]) {
      const socket = served.raw();
      socket.write(bytes);
      socket.resume();
      await within(() => socket.closed);
    }
    expect([await served.count("plain_http"), await served.count("other")]).toEqual([1, 1]);
    expect(await ask(served, served.gateway.key)).toBe("200");
  });

  it("a handshake that does not go on ends at its deadline, while others are served", async () => {
    await using served = await serve(front, { handshake: 2500 });
    const silent = [served.raw(), served.raw()];
    const [, half] = silent;
    // The first bytes of a ClientHello.
    half?.write(Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]));
    expect(await ask(served, served.gateway.key)).toBe("200");
    for (const socket of silent) await within(() => socket.resume().closed);
    expect(await served.count("timeout")).toBe(2);
  });

  it("heads and bodies keep their deadlines, and a stopped server leaves nobody behind", async () => {
    await using served = await serve(front, { handshake: 60_000 }, new TlsFolder(), {
      head: 1500,
      request: 1500,
    });
    using head = served.peer();
    head.socket.write("POST /v1");
    using slow = served.peer();
    slow.socket.write(chat(served.gateway.key).slice(0, -10));
    const shaking = served.raw();
    await within(() => head.isClosed && slow.isClosed);
    expect(slow.statuses).toEqual(["408"]);
    using idle = served.peer();
    idle.socket.write(chat(served.gateway.key));
    await within(() => idle.statuses.length > 0);
    await served.gateway.gateway.close({ graceMs: 0 });
    await within(() => idle.isClosed && shaking.resume().closed);
  });

  it("heads, bodies and connections keep their limits", async () => {
    const bounds = { headBytesMax: 2048, bodyBytesMax: 1024, connectionsMax: 2 };
    await using served = await serve(front, {}, new TlsFolder(), bounds);
    const { key } = served.gateway;
    using first = served.peer();
    first.socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nX-A: ${"a".repeat(4096)}\r\n\r\n`);
    using second = served.peer();
    second.socket.write(chat(key).replace(/Content-Length: \d+/, "Content-Length: 99999"));
    await within(() => first.statuses.length > 0 && second.statuses.length > 0);
    expect([first.statuses, second.statuses]).toEqual([["431"], ["413"]]);
    await within(() => first.isClosed && second.isClosed);
    using third = served.peer();
    using fourth = served.peer();
    for (const peer of [third, fourth]) peer.socket.write(chat(key));
    await within(() => third.statuses.length + fourth.statuses.length === 2);
    using fifth = served.peer();
    let isSecure = false;
    fifth.socket.once("secureConnect", () => void (isSecure = true));
    await within(() => fifth.isClosed);
    expect([isSecure, third.isClosed, fourth.isClosed]).toEqual([false, false, false]);
  });

  it("a group of the classic kind is taken beside the hybrid one, and refused where that is required", async () => {
    await using served = await serve(front);
    expect(await ask(served, served.gateway.key, { ecdhCurve: "X25519" })).toBe("200");
    await using strict = await serve(front, { pq: "require", minVersion: "1.3", hstsSeconds: 0 });
    expect(await ask(strict, strict.gateway.key, { ecdhCurve: "X25519" })).toBe("no answer");
    expect(await strict.count("cipher")).toBe(1);
    expect(await ask(strict, strict.gateway.key, { ecdhCurve: "X25519MLKEM768" })).toBe("200");
    expect(await ask(strict, strict.gateway.key, { maxVersion: "TLSv1.2" })).toBe("no answer");
    using peer = strict.peer();
    peer.socket.write(chat(strict.gateway.key));
    await within(() => peer.statuses.length > 0);
    expect(peer.text.toLowerCase()).not.toContain("strict-transport-security");
  });
});

const dayMs = 86_400_000;
const nowMs = Date.now();

/** Certificates of clients; `good` says whether a connection may be made with them. */
const cases: readonly [string, (folder: TlsFolder) => ConnectionOptions, boolean][] = [
  ["M01 a good one", ({ clients }) => clients.issue({ purpose: "client" }), true],
  ["M02 another good one", ({ clients }) => clients.issue({ purpose: "client", name: "b" }), true],
  ["M03 none", () => ({}), false],
  ["M04 of another authority", ({ servers }) => servers.issue({ purpose: "client" }), false],
  [
    "M05 an expired one",
    ({ clients }) => clients.issue({ purpose: "client", untilMs: nowMs - dayMs / 2 }),
    false,
  ],
  [
    "M06 one of tomorrow",
    ({ clients }) => clients.issue({ purpose: "client", fromMs: nowMs + dayMs }),
    false,
  ],
  ["M10 one for servers", ({ clients }) => clients.issue({ purpose: "server" }), false],
  ["M10 one without a purpose", ({ clients }) => clients.issue({ purpose: "any" }), false],
  [
    "M13 one of RSA-1024",
    ({ clients }) => ({
      ...clients.issue({ purpose: "client", rsaBits: 1024 }),
      ciphers: "DEFAULT:@SECLEVEL=0",
    }),
    false,
  ],
  [
    "M13 one signed over SHA-1",
    ({ clients }) => ({
      ...clients.issue({ purpose: "client", isSha1: true }),
      ciphers: "DEFAULT:@SECLEVEL=0",
    }),
    false,
  ],
];

describe.each(fronts)("certificates of clients, front %s", (front) => {
  it("required: none but a good one completes a request; every other is counted", async () => {
    const folder = new TlsFolder();
    await using served = await serve(front, folder.mtls("require"), folder);
    let refused = 0;
    for (const [name, present, isGood] of cases) {
      const answer = await ask(served, served.gateway.key, present(folder));
      expect([name, answer]).toEqual([name, isGood ? "200" : "no answer"]);
      if (!isGood) refused++;
    }
    expect(await served.count("certificate")).toBe(refused);
  });

  it("requested: none will do, a bad one will not", async () => {
    const folder = new TlsFolder();
    await using served = await serve(front, folder.mtls("request"), folder);
    for (const [name, present, isGood] of cases) {
      const isTaken = isGood || name === "M03 none";
      const answer = await ask(served, served.gateway.key, present(folder));
      expect([name, answer]).toEqual([name, isTaken ? "200" : "no answer"]);
    }
  });

  it("M11, M14: a revoked one is refused once the list says so, on a resumed session too", async () => {
    const folder = new TlsFolder();
    folder.write("list.pem", folder.clients.revoke([]));
    const section = folder.mtls("require", { crl: folder.path("list.pem") });
    await using served = await serve(front, section, folder);
    const revoked = folder.clients.issue({ purpose: "client" });
    const other = folder.clients.issue({ purpose: "client" });
    const { key, gateway } = served.gateway;
    using first = served.peer(revoked);
    let session: Buffer | undefined;
    first.socket.on("session", (given) => (session = given));
    first.socket.write(chat(key));
    await within(() => first.statuses.length > 0 && session !== undefined);
    using resumed = served.peer({ ...revoked, session });
    resumed.socket.write(chat(key));
    await within(() => resumed.statuses.length > 0);
    expect(resumed.socket.isSessionReused()).toBe(true);
    folder.write("list.pem", folder.clients.revoke([revoked]));
    expect((await gateway.reload()).outcome).toBe("applied");
    expect(await ask(served, key, { ...revoked, session })).toBe("no answer");
    expect(await ask(served, key, revoked)).toBe("no answer");
    expect(await ask(served, key, other)).toBe("200");
  });

  it("a bound key is good with its own certificate alone: another, none and a like-named one are 403", async () => {
    const folder = new TlsFolder();
    await using served = await serve(front, folder.mtls("request"), folder);
    const spiffe = "spiffe://example.org/svc";
    const issue = (...uris: readonly string[]) => folder.clients.issue({ purpose: "client", uris });
    const own = issue(spiffe);
    const { keys } = served.gateway.gateway.identity;
    const byPrint = await keys.create(operator(), { name: "p", boundTo: own.thumbprint });
    const byName = await keys.create(operator(), { name: "n", boundTo: spiffe });
    for (const { secret } of [byPrint, byName]) {
      expect(await ask(served, secret, own)).toBe("200");
      for (const other of [{}, issue(`${spiffe}2`), issue("spiffe://other.org/svc"), issue()])
        expect(await ask(served, secret, other)).toBe("403 LL_AUTH_BINDING");
      // M08, M12: two names are none, and a common name is no name.
      const two = issue(spiffe, `${spiffe}2`);
      const common = folder.clients.issue({ purpose: "client", name: spiffe });
      for (const other of [two, common])
        expect(await ask(served, secret, other)).toBe("403 LL_AUTH_BINDING");
    }
    expect(await ask(served, byName.secret, issue(spiffe))).toBe("200");
    expect(await ask(served, byPrint.secret, issue(spiffe))).toBe("403 LL_AUTH_BINDING");
  });
});

describe("a start with bad files", () => {
  it("is refused before anything is opened: no state, no port", async () => {
    using folder = new TlsFolder();
    folder.write("tls.key", folder.servers.issue({ purpose: "server" }).key);
    for (const workers of [1, 2]) {
      const stateDir = `${temporaryDir()}/state`;
      const made = runGateway({ tls: folder.section(), workers }, stateDir);
      await expect(made).rejects.toMatchObject({ code: "LL_TLS_KEY" });
      expect(existsSync(stateDir)).toBe(false);
    }
  });

  it("a running gateway keeps the last good ones over bad files, and says so", async () => {
    await using served = await serve("http1");
    const { gateway, key } = served.gateway;
    served.folder.write("tls.key", "no key");
    const report = await gateway.reload();
    expect([report.outcome, report.problem]).toEqual([
      "invalid",
      "LL_TLS_KEY tls.files.key: it is no PEM private key.",
    ]);
    expect(await ask(served, key)).toBe("200");
    const renewed = served.folder.renew();
    expect(await gateway.reload()).toMatchObject({ outcome: "applied", changed: ["tls.files"] });
    using peer = served.peer();
    peer.socket.write(chat(key));
    await within(() => peer.statuses.length > 0);
    const { fingerprint256 } = peer.socket.getPeerCertificate();
    const hex = fingerprint256.replaceAll(":", "").toLowerCase();
    expect(`sha256:${hex}`).toBe(renewed.thumbprint);
    expect((await gateway.reload()).outcome).toBe("unchanged");
  });
});
