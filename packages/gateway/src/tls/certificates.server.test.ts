import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { systemClock } from "@loadline/kit/clock";
import { eventually, listenOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { runGateway, type Running, temporaryDir } from "../../test/harness.ts";
import { TlsFolder, TlsPeer } from "../../test/tls.ts";
import type { Issued } from "../../../testkit/src/authority/index.ts";
import { loadConfig } from "../config/load.ts";
import { configSchema } from "../config/schema.ts";
import { TlsListener } from "./listener.ts";
import { readMaterial } from "./material.ts";
import type { HandshakeOutcome } from "./metrics.ts";

const within = (holds: () => boolean | Promise<boolean>): Promise<void> =>
  eventually(systemClock(), holds, 30_000);

/** Writes a pair for these hosts, and gives what the section names it by. */
class NamedFolder extends TlsFolder {
  readonly pairs: { cert: string; key: string }[] = [];
  readonly issued: Issued[] = [];

  add(hosts: readonly string[], o: { untilMs?: number } = {}): Issued {
    const n = this.pairs.length;
    this.pairs.push({ cert: this.path(`n${n}.crt`), key: this.path(`n${n}.key`) });
    return this.replace(n, hosts, o);
  }

  replace(n: number, hosts: readonly string[], o: { untilMs?: number } = {}): Issued {
    const issued = this.servers.issue({ purpose: "server", hosts, ...o });
    this.write(`n${n}.crt`, issued.cert);
    this.write(`n${n}.key`, issued.key);
    this.issued[n] = issued;
    return issued;
  }

  named(more: Record<string, unknown> = {}): Record<string, unknown> {
    return this.section({ certificates: this.pairs, ...more });
  }
}

/** Which certificate a client gets that asks for this name, and whether it is answered. */
async function served(
  g: Running,
  folder: TlsFolder,
  servername: string,
  o: ConnectionOptions = {},
): Promise<string> {
  const ca = folder.servers.cert;
  using peer = new TlsPeer(g.url, { ca, servername, checkServerIdentity: () => undefined, ...o });
  peer.socket.write(`GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${g.key}\r\n\r\n`);
  await within(() => peer.statuses.length > 0 || peer.isClosed);
  if (peer.statuses[0] !== "200") return peer.statuses[0] ?? "no answer";
  const { fingerprint256 } = peer.socket.getPeerCertificate();
  return `sha256:${fingerprint256.replaceAll(":", "").toLowerCase()}`;
}

const quiet = { selfProbe: { enabled: false } };

describe.each(["http1", "node"])("certificates for several names, front %s", (front) => {
  it("each client gets the one of the name it asks for; no name and an unknown one get the first", async () => {
    using folder = new NamedFolder();
    const a = folder.add(["a.test", "api.a.test"]).thumbprint;
    const b = folder.add(["*.b.test"]).thumbprint;
    const own = folder.own.thumbprint;
    await using g = await runGateway({ tls: folder.named(), http: { front }, ...quiet });
    for (const [name, thumbprint] of [
      ["a.test", a],
      ["API.a.test", a],
      ["x.b.test", b],
      ["b.test", own],
      ["x.y.b.test", own],
      ["localhost", own],
      ["", own],
      ["a".repeat(250), own],
    ] as const)
      expect([name, await served(g, folder, name)]).toEqual([name, thumbprint]);
  });
});

/** /health over TLS, whose authority only the folder knows. */
async function fetchHealth(g: Running, folder: TlsFolder): Promise<string> {
  using peer = new TlsPeer(g.url, { ca: folder.servers.cert });
  peer.socket.write("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await within(() => peer.isClosed);
  return /"tls":\{[^}]*\}/.exec(peer.text)?.[0] ?? peer.text;
}

describe("what holds for the listener holds for every name", { timeout: 120_000 }, () => {
  it("each is changed by its files while others serve on; a bad one keeps all that are in force", async () => {
    using folder = new NamedFolder();
    folder.add(["a.test"]);
    const b = folder.add(["b.test"]).thumbprint;
    await using g = await runGateway({ tls: folder.named(), ...quiet });
    const next = folder.replace(0, ["a.test", "c.test"]).thumbprint;
    await within(async () => (await served(g, folder, "c.test")) === next);
    expect(await served(g, folder, "a.test")).toBe(next);
    expect(await served(g, folder, "b.test")).toBe(b);
    folder.write("n1.key", folder.own.key);
    const told = (): boolean =>
      g.logged().includes("tls.certificates[1].key: it is not the key of");
    await within(told);
    expect(await served(g, folder, "b.test")).toBe(b);
    expect(await fetchHealth(g, folder)).toContain('"state":"degraded"');
  });

  it("groups, versions and certificates of clients, revoked ones included", async () => {
    using folder = new NamedFolder();
    folder.add(["a.test"]);
    const good = folder.clients.issue({ purpose: "client" });
    const revoked = folder.clients.issue({ purpose: "client" });
    folder.write("list.pem", folder.clients.revoke([revoked]));
    const mtls = folder.mtls("require", { crl: folder.path("list.pem") });
    const tls = folder.named({ ...mtls, pq: "require", minVersion: "1.3" });
    await using g = await runGateway({ tls, ...quiet });
    const a = folder.issued[0]?.thumbprint;
    const hybrid = { ecdhCurve: "X25519MLKEM768" };
    expect(await served(g, folder, "a.test", { ...good, ...hybrid })).toBe(a);
    const stranger = folder.servers.issue({ purpose: "client" });
    for (const bad of [{}, revoked, stranger])
      expect(await served(g, folder, "a.test", { ...bad, ...hybrid })).toBe("no answer");
    const classic = { ...good, ecdhCurve: "X25519" };
    expect(await served(g, folder, "a.test", classic)).toBe("no answer");
    expect(await served(g, folder, "a.test", { ...good, maxVersion: "TLSv1.2" })).toBe("no answer");
  });

  it("the first end of all of them is the one that is told", async () => {
    using folder = new NamedFolder();
    const untilMs = Math.floor(Date.now() / 1000) * 1000 + 3 * 86_400_000;
    folder.add(["a.test"], { untilMs });
    await using g = await runGateway({ tls: folder.named(), ...quiet });
    expect(await fetchHealth(g, folder)).toContain(new Date(untilMs).toISOString());
    expect(await fetchHealth(g, folder)).toContain("LL_TLS_VALIDITY");
  });

  it("a reload adds and takes away names without a restart", async () => {
    using folder = new NamedFolder();
    const { thumbprint } = folder.add(["a.test"]);
    const own = folder.own.thumbprint;
    const stateDir = temporaryDir();
    const settings = {
      stateDir,
      listen: { port: 0 },
      drain: { accept: 0, grace: 0 },
      telemetry: { overloadAfter: 0 },
      targets: { s: { provider: "simulator" } },
      routes: { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } },
      ...quiet,
    };
    const tls = folder.section();
    await using g = await runGateway({ ...settings, tls }, stateDir);
    const change = async (next: object): Promise<unknown> => {
      const config = loadConfig(undefined, {}, { ...settings, tls: next });
      const { outcome, changed } = await g.gateway.reload(config);
      return [outcome, changed];
    };
    expect(await served(g, folder, "a.test")).toBe(own);
    expect(await change(folder.named())).toEqual(["applied", ["tls.certificates"]]);
    expect(await served(g, folder, "a.test")).toBe(thumbprint);
    expect(await change(tls)).toEqual(["applied", ["tls.certificates"]]);
    expect(await served(g, folder, "a.test")).toBe(own);
  });
});

describe("bad pairs stop the start, named by their place", () => {
  const refusal = (change: (folder: NamedFolder) => unknown): string => {
    using folder = new NamedFolder();
    folder.add(["a.test"]);
    change(folder);
    const { tls } = configSchema.parse({ tls: folder.named() });
    try {
      if (tls) readMaterial(tls, Date.now());
      return "taken";
    } catch (cause) {
      return cause instanceof Error && "code" in cause
        ? `${String(cause.code)} ${cause.message}`
        : "?";
    }
  };

  it.each<[string, (folder: NamedFolder) => unknown, RegExp]>([
    ["a good one", () => undefined, /^taken$/],
    [
      "a missing file",
      (f) => f.pairs.push({ cert: "/no", key: "/no" }),
      /_FILE tls\.certificates\[1\]\.cert/,
    ],
    ["a key of another", (f) => f.write("n0.key", f.own.key), /_KEY tls\.certificates\[0\]\.key/],
    ["no DNS name", (f) => f.add([]), /_CERTIFICATE tls\.certificates\[1\]\.cert: it has no DNS/],
    [
      "a name twice",
      (f) => f.add(["b.test", "a.test"]),
      /\[1\]\.cert: one before it has the name a\.test/,
    ],
    [
      "one that ended",
      (f) => f.add(["b.test"], { untilMs: Date.now() - 1000 }),
      /_VALIDITY tls\.certificates\[1\]/,
    ],
  ])("%s", (_what, change, text) => {
    expect(refusal(change)).toMatch(text);
  });
});

describe("a fault in choosing by name", () => {
  it("ends its own handshake, counted, and no other one", async () => {
    using folder = new TlsFolder();
    const { tls } = configSchema.parse({ tls: folder.section() });
    if (!tls) throw new Error("no section");
    const { options } = readMaterial(tls, Date.now());
    const outcomes: HandshakeOutcome[] = [];
    const listener = new TlsListener(tls, {
      clock: systemClock(),
      metrics: { onHandshake: (outcome) => void outcomes.push(outcome) },
      context: () => options,
      contextOf(name) {
        if (name === "bad.test") throw new Error("planned");
        return undefined;
      },
    });
    const server = listener.createServer((socket) => void socket.end("hello"));
    const port = await listenOnLoopback(server);
    const ask = (servername: string): Promise<string> =>
      new Promise((resolve) => {
        const o = { port, host: "127.0.0.1", servername, rejectUnauthorized: false };
        let text = "";
        const socket = connectTls(o).on("data", (chunk: Buffer) => (text += chunk.toString()));
        socket.on("error", () => undefined);
        socket.on("close", () => resolve(text));
      });
    expect([await ask("bad.test"), await ask("good.test")]).toEqual(["", "hello"]);
    await within(() => outcomes.length === 2);
    expect(outcomes).toEqual(["other", "ok"]);
    await new Promise((resolve) => server.close(resolve));
  });
});
