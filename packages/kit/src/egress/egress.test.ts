import { createServer } from "node:net";
import { once } from "node:events";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { selfSigned } from "../../../testkit/src/self-signed/index.ts";
import { createEgress, hostOf, parseHttpUrl, unsentPart } from "./index.ts";

describe("egress", () => {
  it("connects to an allowed host", async () => {
    const server = createServer((socket) => socket.end("hi"));
    const port = await listenOnLoopback(server);
    const egress = createEgress({ allowHosts: ["127.0.0.1"] });
    const socket = egress.connect(new URL(`http://127.0.0.1:${port}/`));
    const [chunk] = await once(socket, "data");
    expect(String(chunk)).toBe("hi");
    socket.destroy();
    server.close();
  });

  it("a plain socket reads into the buffer it is given, and is told once as connected", async () => {
    const server = createServer((socket) => socket.end("hi"));
    const port = await listenOnLoopback(server);
    const told: boolean[] = [];
    const onConnection = (isOpen: boolean): void => void told.push(isOpen);
    const egress = createEgress({ allowHosts: ["127.0.0.1"], onConnection });
    const url = new URL(`http://127.0.0.1:${port}/`);
    const text = await new Promise<string>((resolve) => {
      const callback = (count: number, buffer: Uint8Array): boolean => {
        resolve(Buffer.from(buffer.subarray(0, count)).toString());
        return true;
      };
      egress.connect(url, { buffer: new Uint8Array(16), callback });
    });
    expect([text, told]).toEqual(["hi", [true]]);
    server.close();
    await once(server, "close");
    const dead = egress.connect(url);
    dead.on("error", () => undefined);
    await new Promise((resolve) => dead.once("close", resolve));
    expect(told).toEqual([true, false]);
  });

  it("refuses a host outside the list before a socket exists", () => {
    const egress = createEgress({ allowHosts: ["gw.test"] });
    expect(() => egress.connect(new URL("http://127.0.0.1:1/"))).toThrow("127.0.0.1");
    expect(() => egress.connect(new URL("http://gw.test.evil.test/"))).toThrow("evil");
  });

  it("a name is allowed whatever its case, and nothing by its suffix", () => {
    const egress = createEgress({ allowHosts: ["LOCALHOST"] });
    const socket = egress.connect(new URL("http://LocalHost:1/"));
    socket.on("error", () => undefined);
    socket.destroy();
    expect(() => egress.connect(new URL("http://xlocalhost:1/"))).toThrow("xlocalhost");
  });

  it("only http and https addresses are read", () => {
    expect(() => parseHttpUrl("ftp://127.0.0.1/")).toThrow("ftp");
    expect(() => parseHttpUrl("127.0.0.1:80")).toThrow("127.0.0.1:80");
    expect(parseHttpUrl("https://a.test/v1").pathname).toBe("/v1");
  });

  it("another scheme in a URL object is refused too", () => {
    const egress = createEgress({ allowHosts: ["a.test"] });
    expect(() => egress.connect(new URL("ftp://a.test/"))).toThrow("ftp:");
  });

  it("a certificate nobody vouches for is refused, unless any is taken", async () => {
    const server = createTlsServer(selfSigned(), (socket) => void socket.end("hi"));
    server.on("tlsClientError", () => undefined);
    const port = await listenOnLoopback(server);
    const url = new URL(`https://127.0.0.1:${port}/`);
    const strict = createEgress({ allowHosts: ["127.0.0.1"] }).connect(url);
    await expect(once(strict, "data")).rejects.toThrow("self-signed certificate");
    const lax = createEgress({ allowHosts: ["127.0.0.1"], insecure: true }).connect(url);
    const [chunk] = await once(lax, "data");
    expect(String(chunk)).toBe("hi");
    lax.destroy();
    server.close();
  });

  it.each([
    ["http://a.test", null],
    ["http://a.test/v1/", null],
    ["http://ada@a.test/", "a user or password"],
    ["http://:word@a.test/", "a user or password"],
    ["http://a.test/v1?api-key=1", "a query or fragment"],
    ["http://a.test/v1#1", "a query or fragment"],
  ])("%s holds what no request below it carries: %s", (text, part) => {
    expect(unsentPart(new URL(text))).toBe(part);
  });

  it("an IPv6 host loses its brackets", () => {
    expect(hostOf(new URL("http://[::1]:8080/"))).toBe("::1");
  });
});
