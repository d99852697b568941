import { describe, expect, it } from "vitest";
import { TlsFolder } from "../../test/tls.ts";
import { configSchema } from "../config/schema.ts";
import { certificatePlaces, describeCertificates } from "./describe.ts";

const dayMs = 86_400_000;
const nowMs = Math.floor(Date.now() / 1000) * 1000;

const view = (folder: TlsFolder, name: string, days = 7) =>
  describeCertificates({ at: "x", path: folder.path(name) }, nowMs, days);

describe("describeCertificates", () => {
  it("says what a chain says, the server's own first", () => {
    using folder = new TlsFolder();
    const untilMs = nowMs + 40 * dayMs + 1000;
    const own = folder.servers.issue({ purpose: "server", hosts: ["a.test", "*.b.test"], untilMs });
    folder.write("chain.crt", own.cert + folder.servers.cert);
    const [first, second] = view(folder, "chain.crt");
    expect(first).toMatchObject({
      at: "x",
      path: folder.path("chain.crt"),
      position: 1,
      subject: "CN=server",
      issuer: "CN=servers",
      names: ["DNS:a.test", "DNS:*.b.test", "IP Address:127.0.0.1"],
      isAuthority: false,
      key: "EC P-256",
      notAfter: new Date(untilMs).toISOString(),
      daysLeft: 40,
      thumbprint: own.thumbprint,
      state: "good",
    });
    expect(second).toMatchObject({ position: 2, subject: "CN=servers", isAuthority: true });
    expect(second?.names).toEqual([]);
  });

  it.each([
    ["good", -1, 8, 8],
    ["ending", -1, 6, 6],
    ["ended", -9, -1, -1],
    ["early", 1, 20, 20],
  ] as const)("%s: from day %i to day %i", (state, from, until, daysLeft) => {
    using folder = new TlsFolder();
    const times = { fromMs: nowMs + from * dayMs, untilMs: nowMs + until * dayMs };
    folder.put(folder.servers.issue({ purpose: "server", ...times }));
    expect(view(folder, "tls.crt")).toMatchObject([{ state, daysLeft }]);
  });

  it("an end within the days that were asked about is an ending", () => {
    using folder = new TlsFolder();
    const states = [30, 89, 91].map((days) => view(folder, "tls.crt", days)[0]?.state);
    expect(states).toEqual(["good", "good", "ending"]);
  });

  it("keys are named by kind and size", () => {
    using folder = new TlsFolder();
    folder.put(folder.servers.issue({ purpose: "server", rsaBits: 2048 }));
    expect(view(folder, "tls.crt")[0]?.key).toBe("RSA 2048");
  });

  it("a name that holds a comma is one name", () => {
    using folder = new TlsFolder();
    const uris = ["spiffe://a/b, URI:spiffe://c/d"];
    folder.write("tls.crt", folder.clients.issue({ purpose: "client", uris }).cert);
    const names = view(folder, "tls.crt")[0]?.names ?? [];
    expect(names).toHaveLength(1);
    expect(names[0]).toContain("spiffe://c/d");
  });

  it("a file without a certificate and one that is not there are refused by their codes", () => {
    using folder = new TlsFolder();
    expect(() => view(folder, "tls.key")).toThrow("x: no PEM certificate is in it.");
    expect(() => view(folder, "none")).toThrow(/^x: .*none cannot be read \(ENOENT\)\.$/);
  });
});

describe("certificatePlaces", () => {
  it("are those of the section, by where it names them", () => {
    const pair = (name: string) => ({ cert: `${name}.crt`, key: `${name}.key` });
    const { tls } = configSchema.parse({
      tls: { files: pair("a"), certificates: [pair("b"), pair("c")], mtls: { ca: "ca.pem" } },
    });
    expect(tls && certificatePlaces(tls)).toEqual([
      { at: "tls.files.cert", path: "a.crt" },
      { at: "tls.certificates[0].cert", path: "b.crt" },
      { at: "tls.certificates[1].cert", path: "c.crt" },
      { at: "tls.mtls.ca", path: "ca.pem" },
    ]);
  });
});
