import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { untilAborted, watchInterrupt } from "./interrupt.ts";

describe("interrupt", () => {
  it("the first signal asks, the second ends the process with 130", () => {
    const clock = new TestClock();
    const host = createTestHost([], { clock });
    const interrupt = watchInterrupt(host, "stopping");
    host.send("SIGINT");
    expect(interrupt.signal.aborted).toBe(true);
    expect(host.exits).toEqual([]);
    clock.advance(501);
    host.send("SIGINT");
    expect(host.exits).toEqual([130]);
    expect(host.err()).toBe("stopping\n");
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "%s that npm passes on after the terminal's own Ctrl-C is the same one",
    (signal) => {
      const clock = new TestClock();
      const host = createTestHost([], { clock });
      watchInterrupt(host, "stopping");
      host.send("SIGINT");
      host.send(signal);
      clock.advance(500);
      host.send(signal);
      expect(host.exits).toEqual([]);
      expect(host.err()).toBe("stopping\n");
      clock.advance(1);
      host.send(signal);
      expect(host.exits).toEqual([130]);
    },
  );

  it("SIGTERM drains like the first Ctrl-C", async () => {
    const host = createTestHost([]);
    const interrupt = watchInterrupt(host, "stopping");
    const stopped = untilAborted(interrupt.signal);
    host.send("SIGTERM");
    await stopped;
    await untilAborted(interrupt.signal);
    expect(host.exits).toEqual([]);
  });

  it("after its end signals are the process's own again", () => {
    const host = createTestHost([]);
    const interrupt = watchInterrupt(host, "stopping");
    interrupt[Symbol.dispose]();
    host.send("SIGINT");
    expect(interrupt.signal.aborted).toBe(false);
  });
});
