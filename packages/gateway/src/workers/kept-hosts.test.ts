import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { expect, it } from "vitest";
import { KeptHosts } from "./kept-hosts.ts";

it("a host that a configuration comes back to is the newest of its target", () => {
  const clock = new TestClock();
  const hosts = new KeptHosts({
    clock,
    logger: createLogger({ clock, write: () => undefined }),
    signal: new AbortController().signal,
    runDir: "/run",
    tell: () => undefined,
  });
  const ask = (threads: number) => ({
    name: "local",
    plan: { modelPath: "/m.gguf", threads, queueMax: 1, idleMs: 1000 },
    isStandby: true,
  });
  const newest = () => hosts.slots().at(-1)?.socketPath;
  const first = hosts.open(1, ask(1));
  const second = hosts.open(1, ask(2));
  expect(newest()).toBe(second.socketPath);
  expect(hosts.open(1, ask(1))).toEqual(first);
  expect(newest()).toBe(first.socketPath);
});
