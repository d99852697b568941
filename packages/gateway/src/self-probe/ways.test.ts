import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { text as textOf } from "node:stream/consumers";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { eventually, listenOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { type Running, runGateway } from "../../test/harness.ts";
import { configOf, doorTo, probeAlone } from "./self-probe.fixture.ts";

const clock = systemClock();
const waitMs = 20_000;
type Settings = Readonly<Record<string, unknown>>;

/** Goes over to another configuration that has these settings, too. */
async function reload(g: Running, settings: Settings): Promise<void> {
  const next = configOf(g, { outputMax: { sim: 9 }, ...settings });
  const { outcome, problem } = await g.gateway.reload(next);
  expect([outcome, problem]).toEqual(["applied", undefined]);
}

/** The answer that comes over the agent's one kept connection. */
function askOver(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: IncomingMessage): void => void textOf(answer).then(resolve, reject);
    get(url, { agent }, onAnswer).on("error", reject);
  });
}

/** When a call last came through every stage, by /health. */
const passedAt = (health: string): string => /"passedAt":"([^"]+)"/.exec(health)?.[1] ?? "";

describe.each(["http1", "node"] as const)(
  "strangers do not keep a reload unproven, front %s",
  (front) => {
    it("when they hold every connection that may be open", async () => {
      // The silent one stays for longer than this waits.
      const settings = { http: { front, connectionsMax: 2, head: "60s" } };
      await using g = await runGateway(settings);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const other = connect(Number(new URL(g.url).port), "127.0.0.1");
      other.on("error", () => other.destroy());
      using _open = { [Symbol.dispose]: () => void (agent.destroy(), other.destroy()) };
      await once(other, "connect");
      const health = (): Promise<string> => askOver(agent, `${g.url}/health`);
      let before = "";
      // The first call's own connection may still be one of the two.
      const isFirstKnown = async (): Promise<boolean> =>
        (before = passedAt(await health().catch(String))) !== "";
      await eventually(clock, isFirstKnown, waitMs);
      await reload(g, settings);
      await eventually(clock, async () => passedAt(await health()) > before, waitMs);
      expect(await health()).toMatch(/"self-probe":\{[^}]*"state":"ok","result":"passed"/);
    });

    it("when their bad keys lock the address that the call comes from", async () => {
      const settings = { http: { front }, addressLimit: { failuresPerMinute: 3 } };
      await using g = await runGateway(settings);
      const health = async (): Promise<string> => (await fetch(`${g.url}/health`)).text();
      const before = passedAt(await health());
      const headers = { authorization: "Bearer nonsense" };
      const isLocked = async (): Promise<boolean> =>
        (await fetch(`${g.url}/v1/models`, { headers })).status === 429;
      await eventually(clock, isLocked, waitMs);
      await reload(g, settings);
      await eventually(clock, async () => passedAt(await health()) > before, waitMs);
      expect((await fetch(`${g.url}/readyz`)).status).toBe(200);
    });
  },
);

describe("an address that no URL names", () => {
  const hasIpv6 = networkInterfaces()["lo"]?.some(({ address }) => address === "::1") === true;

  it("is called beside it", async (context) => {
    if (!hasIpv6) context.skip("NOT TESTED: IPv6 with a zone (no ::1 on an interface lo)");
    await using g = await runGateway({ listen: { host: "::1%lo", port: 0 } });
    expect(g.url).toContain("%lo");
    const ready = g.gateway.whenReady(AbortSignal.timeout(waitMs));
    await expect(ready).resolves.toBeUndefined();
  });
});

describe("a gateway that refuses on purpose", () => {
  it("is called again each second at the latest, however long that goes on", async () => {
    let calls = 0;
    const body = '{"error":{"code":"LL_SERVER_OVERLOADED"}}';
    const answer = `HTTP/1.1 503 Busy\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const server = createServer((socket) => {
      socket.once("data", () => void socket.end(answer));
      socket.on("error", () => socket.destroy());
      calls++;
    });
    const port = await listenOnLoopback(server);
    const time = new TestClock();
    let results = 0;
    const probe = probeAlone(time, () => void results++);
    probe.begin({ open: () => doorTo(port) });
    // A wait that doubled on would be over 3 s by the sixth.
    for (let round = 1; round <= 7; round++) {
      await eventually(clock, () => results === round, waitMs);
      expect(calls).toBe(round);
      expect(probe.health()).toMatchObject({ state: "down", result: "busy" });
      time.advance(1000);
    }
    probe.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
