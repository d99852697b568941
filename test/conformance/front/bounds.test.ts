import { afterAll, describe, expect, it } from "vitest";
import { runGateway } from "../../../packages/gateway/test/harness.ts";
import { TlsFolder } from "../../../packages/gateway/test/tls.ts";
import { listeners } from "../listeners.ts";
import { Peer, slackMs, within } from "../slow-clients/laws.ts";

const requestsMax = 10_000;
/** Node's server ends a connection over TLS on which more is asked at once than it holds answers. */
const batch = 100;
const keepAliveMs = 300;
const folder = new TlsFolder();
afterAll(() => folder[Symbol.dispose]());

const health = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
/** Refused for want of a key, at either front, and its connection stays. */
const keyless = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
const answers = (peer: Peer): number => peer.text.split("HTTP/1.1 ").length - 1;

describe.each(listeners)("bounds of connections, front %s, listener %s", (front, listener) => {
  const tls = listener === "TLS" ? folder : undefined;
  const run = (http: object, more: object = {}) =>
    runGateway({ ...(tls && { tls: tls.section() }), http: { front, ...http }, ...more });

  it("one more than may be open is closed without a byte, and has its place when another ended", async () => {
    await using g = await run({ connectionsMax: 2, head: "60s" });
    const open = [new Peer(g, tls), new Peer(g, tls)];
    for (const peer of open) {
      peer.socket.write(health);
      expect(await within(() => answers(peer) === 1, slackMs)).toBe(true);
    }
    const third = new Peer(g, tls);
    third.socket.write(health);
    expect(await within(() => third.isClosed, slackMs)).toBe(true);
    expect(third.text).toBe("");
    open[0]?.socket.destroy();
    let last = third;
    const isServed = (): boolean => {
      if (last.isClosed) (last = new Peer(g, tls)).socket.write(health);
      return answers(last) === 1;
    };
    expect(await within(isServed, slackMs)).toBe(true);
    for (const peer of [...open, last]) peer.socket.destroy();
  });

  it(`the answer to request ${requestsMax} closes its connection, and no later one is read`, async () => {
    await using g = await run({}, { addressLimit: { failuresPerMinute: 10 * requestsMax } });
    const peer = new Peer(g, tls);
    for (let sent = 0; sent < requestsMax; sent += batch) {
      const isLast = sent + batch === requestsMax;
      peer.socket.write(keyless.repeat(isLast ? batch + 3 : batch));
      const isTaken = (): boolean => (isLast ? peer.isClosed : answers(peer) === sent + batch);
      expect([sent, await within(isTaken, slackMs)]).toEqual([sent, true]);
    }
    const all = peer.text.split(/(?=HTTP\/1\.1 )/);
    expect(all.filter((one) => one.startsWith("HTTP/1.1 401 "))).toHaveLength(requestsMax);
    expect(all.findIndex((one) => /\r\nconnection: close\r\n/i.test(one))).toBe(requestsMax - 1);
  });

  it("an idle connection is closed after its time, without a word", async () => {
    await using g = await run({ keepAlive: keepAliveMs });
    const peer = new Peer(g, tls);
    peer.socket.write(keyless);
    expect(await within(() => peer.isClosed, keepAliveMs + slackMs)).toBe(true);
    expect(answers(peer)).toBe(1);
  });

  it("HTTP/1.0 without a Host is good for health and readiness, and for nothing else", async () => {
    await using g = await run({});
    const rows = [
      ["/healthz", "200"],
      ["/readyz", "200"],
      ["/v1/models", "400"],
    ] as const;
    for (const [path, status] of rows) {
      const peer = new Peer(g, tls);
      peer.socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
      expect(await within(() => peer.isClosed, slackMs)).toBe(true);
      expect([path, peer.text.slice(9, 12)]).toEqual([path, status]);
    }
  });
});
