import { generateKeyPairSync } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TlsFolder } from "../../test/tls.ts";
import { configSchema } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import type { TlsConfig } from "./config.ts";
import { readMaterial, type TlsMaterial } from "./material.ts";

const dayMs = 86_400_000;
const nowMs = Date.now();

function configOf(section: Record<string, unknown>): TlsConfig {
  const { tls } = configSchema.parse({ tls: section });
  if (tls) return tls;
  throw new Error("no section");
}

function read(folder: TlsFolder, more: Record<string, unknown> = {}): TlsMaterial {
  return readMaterial(configOf(folder.section(more)), nowMs);
}

/** Code and text of what reading it throws. */
function refusal(folder: TlsFolder, more: Record<string, unknown> = {}): string {
  try {
    read(folder, more);
    return "taken";
  } catch (cause) {
    return cause instanceof Error && "code" in cause
      ? `${String(cause.code)} ${cause.message}`
      : String(cause);
  }
}

describe("readMaterial", () => {
  it("takes a pair that belongs together and names it by its thumbprint and its end", () => {
    using folder = new TlsFolder();
    const material = read(folder);
    expect(material.thumbprint).toBe(folder.own.thumbprint);
    expect(material.notAfterMs / dayMs).toBeCloseTo(nowMs / dayMs + 90, 0);
    expect(material.options).toMatchObject({
      minVersion: "TLSv1.2",
      ecdhCurve: "X25519MLKEM768:X25519:P-256:P-384",
      sessionTimeout: 300,
    });
    expect(material.options.ciphers).not.toMatch(/CBC|SHA:|SHA$|DES|RC4/);
    for (const cipher of (material.options.ciphers ?? "").split(":"))
      expect(cipher).toMatch(/^TLS_|^ECDHE-/);
  });

  it("versions and groups follow the configuration", () => {
    using folder = new TlsFolder();
    expect(read(folder, { minVersion: "1.3" }).options.minVersion).toBe("TLSv1.3");
    expect(read(folder, { pq: "require" }).options.ecdhCurve).toBe("X25519MLKEM768");
    expect(read(folder, { pq: "off" }).options.ecdhCurve).toBe("X25519:P-256:P-384");
  });

  it("the earliest end in the file counts, not only the server's own", () => {
    using folder = new TlsFolder();
    const short = folder.servers.issue({ purpose: "any", untilMs: nowMs + 3 * dayMs });
    folder.write("tls.crt", folder.own.cert + short.cert);
    expect(read(folder).notAfterMs / dayMs).toBeCloseTo(nowMs / dayMs + 3, 1);
  });

  it.each([
    ["a file that is not there", (f: TlsFolder) => ({ files: paths(f, "no", "tls.key") }), "FILE"],
    ["a folder in its place", (f: TlsFolder) => ({ files: paths(f, ".", "tls.key") }), "FILE"],
    ["an empty key", (f: TlsFolder) => f.write("tls.key", " \n"), "FILE"],
    ["over 1 MiB", (f: TlsFolder) => f.write("tls.crt", "x".repeat(1_100_000)), "FILE"],
    ["a certificate that is text", (f: TlsFolder) => f.write("tls.crt", "hello"), "CERTIFICATE"],
    ["a damaged certificate", (f: TlsFolder) => f.write("tls.crt", damaged(f)), "CERTIFICATE"],
    ["a key that is text", (f: TlsFolder) => f.write("tls.key", "hello"), "KEY"],
    ["the key of another", (f: TlsFolder) => f.write("tls.key", otherKey(f)), "KEY"],
    ["a key with a passphrase", (f: TlsFolder) => f.write("tls.key", lockedKey()), "KEY"],
    ["an expired certificate", (f: TlsFolder) => f.put(timed(f, -9, -1)), "VALIDITY"],
    ["one of tomorrow", (f: TlsFolder) => f.put(timed(f, 1, 9)), "VALIDITY"],
    ["an RSA key of 1024 bits", (f: TlsFolder) => f.put(weak(f)), "CERTIFICATE"],
    ["no authority", (f: TlsFolder) => broken(f, "ca.pem", "hello"), "CLIENT_CA"],
    ["a damaged list", (f: TlsFolder) => listed(f, "hello"), "CLIENT_CA"],
  ])("%s is refused by its own code, with what to do", (_what, change, code) => {
    using folder = new TlsFolder();
    const more = change(folder) ?? {};
    const found = refusal(folder, more);
    expect(found).toMatch(new RegExp(`^LL_TLS_${code} `));
    const row = gatewayErrors.table[found.split(" ", 1)[0] as "LL_TLS_FILE"];
    expect([row.exit, row.remedy.length > 20]).toEqual([78, true]);
    expect(found).not.toContain("PRIVATE");
  });

  it("a file that its user may not read is refused, naming key and path", () => {
    using folder = new TlsFolder();
    chmodSync(folder.path("tls.key"), 0o000);
    const found = refusal(folder);
    // Root reads everything.
    if (process.getuid?.() === 0) expect(found).toBe("taken");
    else expect(found).toBe(`LL_TLS_FILE tls.files.key: ${folder.path("tls.key")} cannot be read`);
  });

  it("a list of revoked certificates goes along", () => {
    using folder = new TlsFolder();
    const list = folder.clients.revoke([]);
    const material = read(folder, listed(folder, list));
    expect(material.options.crl).toBe(list);
  });
});

describe("the section", () => {
  it("is off by default", () => {
    expect(configSchema.parse({}).tls).toBeNull();
  });

  it.each([
    ["an unknown key", { more: 1 }],
    ["TLS 1.1", { minVersion: "1.1" }],
    ["a key written into it", { files: { cert: "c", key: "-----BEGIN PRIVATE KEY-----" } }],
    ["no key", { files: { cert: "c" } }],
    ["another mode", { mtls: { ca: "c", mode: "optional" } }],
  ])("refuses %s", (_what, more) => {
    const section = { files: { cert: "c", key: "k" }, ...more };
    expect(configSchema.safeParse({ tls: section }).success).toBe(false);
  });
});

function paths(folder: TlsFolder, cert: string, key: string): { cert: string; key: string } {
  return { cert: folder.path(cert), key: folder.path(key) };
}

function damaged(folder: TlsFolder): string {
  return folder.own.cert.replace(/\n.{20}/, `\n${"A".repeat(20)}`);
}

function otherKey(folder: TlsFolder): string {
  return folder.servers.issue({ purpose: "server" }).key;
}

function lockedKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const locked = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "p" } as const;
  return privateKey.export(locked).toString();
}

function timed(folder: TlsFolder, fromDays: number, untilDays: number) {
  const times = { fromMs: nowMs + fromDays * dayMs, untilMs: nowMs + untilDays * dayMs };
  return folder.servers.issue({ purpose: "server", ...times });
}

function weak(folder: TlsFolder) {
  return folder.servers.issue({ purpose: "server", rsaBits: 1024 });
}

function broken(folder: TlsFolder, name: string, text: string): Record<string, unknown> {
  folder.write(name, text);
  return folder.mtls("require");
}

function listed(folder: TlsFolder, text: string): Record<string, unknown> {
  writeFileSync(folder.path("list.pem"), text);
  return folder.mtls("require", { crl: folder.path("list.pem") });
}
