import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  eventually,
  type OtlpReceiver,
  startOtlpReceiver,
  startTcpProxy,
  type TcpProxy,
} from "../../packages/testkit/src/index.ts";
import { expectOptional, runRounds } from "./fail-modes/expect-row.ts";
import { modeNames, modesOf } from "./fail-modes/modes.ts";
import type { FailMode } from "./fail-modes/row.ts";
import { type SinkProcess, startSinkProcess } from "./fail-modes/sink-process.ts";
import { type FailModeSubject, startSubject } from "./fail-modes/subject.ts";
import { skipNotTested } from "./machine.ts";

const clock = systemClock();
const readyMs = 30_000;
/** Beyond the 10 s that an export may take. */
const slowMs = 12_000;
/** Spans leave each 5 s, an export ends after 10 s, and one that failed rests for 1 to 30 s. */
const lawMs = { flip: 17_000, rejoin: 40_000 };

describe("a collector of traces, an optional dependency", () => {
  let receiver: OtlpReceiver;
  let proxy: TcpProxy;
  let subject: FailModeSubject;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    proxy = await startTcpProxy({ clock, targetPort: receiver.port });
    const endpoint = `http://127.0.0.1:${proxy.port}/v1/traces`;
    const telemetry = { overloadAfter: 0, traces: { endpoint } };
    subject = await startSubject(clock, {}, { telemetry });
    await spansFrom(0);
  }, 240_000);
  afterAll(async () => {
    await subject[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  /** Calls until more spans have come than these: one call of twenty leaves some. */
  const spansFrom = (count: number): Promise<void> =>
    eventually(
      clock,
      async () => {
        await subject.call();
        return receiver.spans.length > count;
      },
      readyMs,
    );

  const modes: Record<(typeof modeNames)[number], FailMode> = {
    dead: { leave: () => proxy.refuse(), back: () => proxy.accept() },
    frozen: {
      leave: () => Promise.resolve(receiver.behave({ kind: "frozen" })),
      back: () => Promise.resolve(receiver.behave({ kind: "ok" })),
    },
    slow: {
      leave: () => Promise.resolve(proxy.delay(slowMs)),
      back: () => Promise.resolve(proxy.delay(0)),
    },
  };

  it.for([...modeNames])(
    "%s under 50 calls a second: no call waits or fails, /health says so, spans come again by themselves",
    { timeout: 240_000 },
    async (name, context) => {
      const mode = modes[name];
      const round = await runRounds({
        clock,
        subject,
        component: "otlp",
        mode,
        cycles: 1,
        lawMs,
      });
      const notes = expectOptional(round);
      await spansFrom(receiver.spans.length);
      expect(receiver.faults).toEqual([]);
      skipNotTested(context, notes);
    },
  );
});

describe("a sink of errors, an optional dependency", () => {
  let sink: SinkProcess;
  let proxy: TcpProxy;
  let subject: FailModeSubject;
  const failed = new Set<number>();
  let isOver = false;
  let failing: Promise<void> = Promise.resolve();
  /** Something is to be told of each second, all the time. */
  const failEachSecond = async (): Promise<void> => {
    while (!isOver) {
      failed.add(await subject.fail());
      await clock.sleep(1000);
    }
  };

  beforeAll(async () => {
    sink = await startSinkProcess(clock);
    proxy = await startTcpProxy({ clock, targetPort: sink.port });
    const dsn = join(mkdtempSync(join(tmpdir(), "ll-dsn-")), "dsn");
    writeFileSync(dsn, `http://publickey@127.0.0.1:${proxy.port}/7`);
    const errors = { dsn: `\${file:${dsn}}` };
    subject = await startSubject(clock, {}, { telemetry: { overloadAfter: 0, errors } });
    failing = failEachSecond();
    await eventually(clock, async () => (await sink.taken()) > 0, readyMs);
  }, 240_000);
  afterAll(async () => {
    sink.thaw();
    isOver = true;
    await failing;
    await subject[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await sink[Symbol.asyncDispose]();
  });

  it.for([...modeNames])(
    "%s under 50 calls a second: no call waits or fails, /health says so, errors are told of again by themselves",
    { timeout: 240_000 },
    async (name, context) => {
      const mode = modesOf(sink, proxy, slowMs)[name];
      const row = { clock, subject, component: "errors", mode, cycles: 1, lawMs };
      const round = await runRounds(row);
      const notes = expectOptional(round);
      const before = await sink.taken();
      await eventually(clock, async () => (await sink.taken()) > before, readyMs);
      // They failed inside, whether or not it could be told.
      expect([...failed]).toEqual([500]);
      skipNotTested(context, notes);
    },
  );
});
