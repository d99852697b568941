import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { LoadlineError } from "@loadline/kit/errors";
import { describe, expect, it } from "vitest";
import { claimPort } from "../workers/free-port.ts";
import { listenFault } from "./listen-fault.ts";

const at = { host: "127.0.0.1", port: 8080, isShared: false };
const shared = { ...at, isShared: true };

function told(code: string | undefined, address = at): [string, string] {
  const fault = listenFault(code === undefined ? {} : { code }, address);
  return [fault.code, fault.message];
}

describe("an address that cannot be listened on", () => {
  it.each(["ENOTSUP", "EOPNOTSUPP", "ENOPROTOOPT"])(
    "by several processes, because the system answers %s, is told from a wrong one",
    (code) => {
      const [name, text] = told(code, shared);
      expect([name, text]).toEqual([
        "LL_SERVER_REUSE_PORT",
        `127.0.0.1:8080 cannot be listened on by several processes (${code}).`,
      ]);
      expect(told(code)[0]).toBe("LL_SERVER_LISTEN");
    },
  );

  it("is in use, or wrong, whether it is shared or not", () => {
    for (const address of [at, shared]) {
      expect(told("EADDRINUSE", address)).toEqual([
        "LL_SERVER_PORT_IN_USE",
        "127.0.0.1:8080 is in use.",
      ]);
      expect(told("EADDRNOTAVAIL", address)).toEqual([
        "LL_SERVER_LISTEN",
        "127.0.0.1:8080 cannot be listened on (EADDRNOTAVAIL).",
      ]);
      expect(told(undefined, address)[1]).toContain("(?)");
    }
  });

  it("ends a start with 78 and says how several workers serve without it", () => {
    const fault = listenFault({ code: "ENOTSUP" }, shared);
    expect([fault.row.exit, fault.row.remedy]).toEqual([
      78,
      expect.stringContaining("http.distribution to round-robin"),
    ]);
  });
});

describe("a port for several processes", () => {
  const listen = (server: Server, port: number, host: string): Promise<void> =>
    new Promise((resolve) => server.listen({ port, host, reusePort: true }, resolve));
  const close = (server: Server): Promise<void> =>
    new Promise((resolve) => server.close(() => resolve()));

  it("is claimed by its number, and free for all of them afterwards", async () => {
    const port = await claimPort({ host: "127.0.0.1", port: 0 }, false);
    expect(port).toBeGreaterThan(0);
    const workers = [createServer(), createServer()];
    for (const worker of workers) await listen(worker, port, "127.0.0.1");
    const refused = claimPort({ host: "127.0.0.1", port }, false);
    await expect(refused).rejects.toMatchObject({ code: "LL_SERVER_PORT_IN_USE" });
    await expect(refused).rejects.toBeInstanceOf(LoadlineError);
    for (const worker of workers) await close(worker);
    expect(await claimPort({ host: "127.0.0.1", port }, false)).toBe(port);
  });

  it("is found at an IPv6 address with its zone, which no URL names", async (context) => {
    const hasIpv6 = networkInterfaces()["lo"]?.some(({ address }) => address === "::1") === true;
    if (!hasIpv6) context.skip("NOT TESTED: IPv6 with a zone (no ::1 on an interface lo)");
    expect(await claimPort({ host: "::1%lo", port: 0 }, false)).toBeGreaterThan(0);
  });
});
