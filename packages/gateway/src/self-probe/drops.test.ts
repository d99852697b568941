import { createServer, type DropArgument } from "node:net";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { eventually, listenOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { doorTo, probeAlone } from "./self-probe.fixture.ts";

/**
 * One call to a listener that breaks every connection off, while it says that it turned one away,
 * whose origin `told` makes of the call's own; gives how often the way beside it was taken.
 */
async function asidesOf(told: (own: DropArgument) => DropArgument | undefined): Promise<number> {
  let asides = 0;
  let results = 0;
  const server = createServer((socket) => {
    const { remotePort = 0, remoteAddress = "" } = socket;
    socket.on("error", () => socket.destroy());
    probe.onDrop(told({ remotePort, remoteAddress }));
    socket.destroy();
  });
  const port = await listenOnLoopback(server);
  const probe = probeAlone(new TestClock(), () => void results++);
  const door = doorTo(port);
  const aside = () => {
    asides++;
    return Promise.resolve(door);
  };
  probe.begin({ open: () => door, aside });
  await eventually(systemClock(), () => results === 1, 20_000);
  expect(probe.health()).toMatchObject({ state: "down", result: "silent" });
  probe.close();
  await new Promise((resolve) => server.close(resolve));
  return asides;
}

describe("a call that gets no answer while connections are turned away", () => {
  it.each([
    ["it is the call's own", (own: DropArgument) => own],
    [
      "it is the call's own, on a listener of both families",
      (own: DropArgument) => ({ ...own, remoteAddress: `::ffff:${own.remoteAddress}` }),
    ],
  ])("is made again beside the listener: %s", async (_name, told) => {
    expect(await asidesOf(told)).toBe(1);
  });

  it.each([
    [
      "a stranger's of another port",
      (own: DropArgument) => ({ ...own, remotePort: (own.remotePort ?? 0) - 1 }),
    ],
    [
      "a stranger's of the same port elsewhere",
      (own: DropArgument) => ({ ...own, remoteAddress: "192.0.2.7" }),
    ],
    ["one of unknown origin", () => undefined],
  ])("stays without one when it is not its own that was: %s", async (_name, told) => {
    expect(await asidesOf(told)).toBe(0);
  });
});
