import { describe, expect, it } from "vitest";
import { TestClock } from "../clock/index.ts";
import { createLogger, type LogLevel } from "./index.ts";

function setup(level?: LogLevel): {
  clock: TestClock;
  out: string[];
  log: ReturnType<typeof createLogger>;
} {
  const clock = new TestClock();
  const out: string[] = [];
  const deps = { clock, write: (text: string): void => void out.push(text) };
  return { clock, out, log: createLogger(level ? { ...deps, level } : deps) };
}

describe("logger", () => {
  it("lines are collected for 50 ms and then written as one text", () => {
    const { clock, out, log } = setup();
    log.info("one", { n: 1 });
    log.line('{"event":"two"}');
    expect(out).toEqual([]);
    clock.advance(50);
    expect(out).toEqual([
      '{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"one","n":1}\n{"event":"two"}\n',
    ]);
  });

  it("an error is written at once, after what came before it", () => {
    const { out, log } = setup();
    log.info("one");
    log.error("two");
    expect(out.join("").match(/"event":"\w+"/g)).toEqual(['"event":"one"', '"event":"two"']);
  });

  it("lines below the level are dropped, ready-made lines included", () => {
    const { out, log } = setup("warn");
    log.debug("a");
    log.info("b");
    log.line("{}");
    log.warn("c");
    log.flush();
    expect(out).toHaveLength(1);
    expect(log.isInfo).toBe(false);
  });

  it("a level that is set holds for the lines after it", () => {
    const { out, log } = setup("warn");
    log.info("a");
    log.setLevel("info");
    log.line('{"event":"b"}');
    log.setLevel("error");
    log.warn("c");
    log.flush();
    expect([out.join(""), log.isInfo]).toEqual(['{"event":"b"}\n', false]);
  });

  it("silent writes nothing", () => {
    const { out, log } = setup("silent");
    log.error("a");
    log.flush();
    expect(out).toEqual([]);
  });

  it("a full batch does not wait for the timer, and newlines in a field stay inside its line", () => {
    const { out, log } = setup();
    log.info("x", { text: `\n${"y".repeat(70_000)}` });
    expect(out).toHaveLength(1);
    expect(out[0]?.split("\n")).toHaveLength(2);
  });

  it("time follows the clock", () => {
    const { clock, log } = setup();
    expect(log.time()).toBe("2026-01-01T00:00:00.000Z");
    clock.advance(5);
    expect(log.time()).toBe("2026-01-01T00:00:00.005Z");
  });
});
