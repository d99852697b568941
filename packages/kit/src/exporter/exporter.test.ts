import { TestClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createExporter, type ExporterOptions, type SendOutcome } from "./index.ts";

const taken: SendOutcome = { kind: "taken", rejected: 0 };
const turns = 20;

async function settle(): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve();
}

/** An exporter over a sink that answers when the test says so. */
function setup(more: Partial<ExporterOptions<number>> = {}) {
  const clock = new TestClock();
  const batches: (readonly number[])[] = [];
  const answers: ((outcome: SendOutcome) => void)[] = [];
  const count = { sent: 0, dropped: 0, aborted: 0 };
  const exporter = createExporter<number>({
    clock,
    queueMax: 8,
    batchMax: 4,
    everyMs: 5000,
    timeoutMs: 10_000,
    backoffMs: [1000, 30_000],
    send(batch, signal) {
      batches.push(batch);
      signal.addEventListener("abort", () => void count.aborted++);
      return new Promise((resolve) => void answers.push(resolve));
    },
    onSent: (by) => void (count.sent += by),
    onDropped: (by) => void (count.dropped += by),
    ...more,
  });
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  return {
    clock,
    exporter,
    batches,
    count,
    advance,
    push: (...items: number[]) => {
      for (const item of items) exporter.push(item);
    },
    answer: async (outcome: SendOutcome) => {
      answers.shift()?.(outcome);
      await settle();
    },
  };
}

describe("exporter", () => {
  it("sends a batch when its time has come, or at once when it is full", async () => {
    const t = setup();
    t.push(1, 2);
    await t.advance(4999);
    expect(t.batches).toEqual([]);
    await t.advance(1);
    expect(t.batches).toEqual([[1, 2]]);
    await t.answer(taken);
    t.push(3, 4, 5, 6, 7);
    await t.advance(0);
    expect(t.batches.slice(1)).toEqual([[3, 4, 5, 6]]);
    await t.answer(taken);
    expect(t.exporter.depth).toBe(1);
    await t.advance(5000);
    expect(t.batches.slice(2)).toEqual([[7]]);
    await t.answer(taken);
    expect(t.count).toEqual({ sent: 7, dropped: 0, aborted: 0 });
  });

  it("has one batch at the sink, and keeps the newest of what comes meanwhile", async () => {
    const t = setup();
    t.push(1, 2, 3, 4);
    await t.advance(0);
    t.push(5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    expect(t.batches).toHaveLength(1);
    expect(t.exporter.depth).toBe(8);
    await t.answer(taken);
    // 1 to 4 arrived, 5 and 6 were pushed out unsent.
    expect(t.count).toMatchObject({ sent: 4, dropped: 2 });
    await t.advance(0);
    expect(t.batches[1]).toEqual([7, 8, 9, 10]);
  });

  it("sends the same items again after a wait that doubles up to its bound", async () => {
    const t = setup();
    t.push(1);
    await t.advance(5000);
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      await t.answer({ kind: "later" });
      const fromMs = t.clock.monotonicMs();
      while (t.batches.length < i + 2) await t.advance(500);
      waits.push(t.clock.monotonicMs() - fromMs);
    }
    expect(waits).toEqual([5000, 5000, 5000, 8000, 16_000, 30_000, 30_000]);
    expect(t.batches.every(([item]) => item === 1)).toBe(true);
    expect(t.exporter.health.state).toBe("down");
    await t.answer(taken);
    expect(t.exporter.health.state).toBe("ok");
    expect(t.count).toMatchObject({ sent: 1, dropped: 0 });
  });

  it("waits as long as a busy sink asks for, but never beyond the bound", async () => {
    const t = setup();
    t.push(1, 2, 3, 4);
    await t.advance(0);
    await t.answer({ kind: "later", afterMs: 20_000 });
    await t.advance(19_999);
    expect(t.batches).toHaveLength(1);
    await t.advance(1);
    expect(t.batches).toHaveLength(2);
    await t.answer({ kind: "later", afterMs: 3_600_000 });
    await t.advance(30_000);
    expect(t.batches).toHaveLength(3);
  });

  it("gives a frozen sink up in its time and counts what the full ring lost", async () => {
    const t = setup();
    t.push(1, 2, 3, 4);
    await t.advance(0);
    t.push(5, 6, 7, 8, 9, 10);
    await t.advance(10_000);
    expect(t.count).toEqual({ sent: 0, dropped: 2, aborted: 1 });
    await t.advance(1000);
    expect(t.batches[1]).toEqual([3, 4, 5, 6]);
  });

  it("a sink that throws has the batch again later", async () => {
    let calls = 0;
    const t = setup({ send: () => Promise.reject(new Error(`call ${++calls}`)) });
    t.push(1, 2, 3, 4);
    await t.advance(0);
    await t.advance(1000);
    expect([calls, t.exporter.depth]).toEqual([2, 4]);
  });

  it("counts what a sink refuses or takes in part, and does not send it again", async () => {
    const t = setup();
    t.push(1, 2, 3, 4);
    await t.advance(0);
    await t.answer({ kind: "refused" });
    expect(t.count).toMatchObject({ sent: 0, dropped: 4 });
    t.push(5, 6, 7, 8);
    await t.advance(0);
    await t.answer({ kind: "taken", rejected: 3 });
    expect(t.count).toMatchObject({ sent: 1, dropped: 7 });
    expect(t.exporter.depth).toBe(0);
  });

  it("a close sends what waits; a sink that does not answer costs no more than its time", async () => {
    const t = setup();
    t.push(1, 2);
    const closing = t.exporter.close(1000);
    await settle();
    expect(t.batches).toEqual([[1, 2]]);
    t.push(3);
    expect(t.count.dropped).toBe(1);
    for (let ms = 0; ms <= 1000; ms += 10) await t.advance(10);
    await closing;
    expect(t.count).toEqual({ sent: 0, dropped: 3, aborted: 1 });
  });

  it("every item is sent, lost and counted, or waits: whatever the sink does", async () => {
    const step = fc.oneof(
      fc.nat(12).map((items) => ({ do: "push", items }) as const),
      fc.nat(12_000).map((ms) => ({ do: "advance", ms }) as const),
      fc.constantFrom("taken", "later", "refused").map((kind) => ({ do: "answer", kind }) as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const t = setup();
        let pushed = 0;
        for (const one of steps) {
          if (one.do === "push") for (let i = 0; i < one.items; i++) t.push(pushed++);
          else if (one.do === "advance") await t.advance(one.ms);
          else
            await t.answer(
              one.kind === "taken" ? { kind: "taken", rejected: 0 } : { kind: one.kind },
            );
          expect(t.exporter.depth).toBeLessThanOrEqual(8);
        }
        const closing = t.exporter.close(100);
        for (let ms = 0; ms <= 120; ms += 10) await t.advance(10);
        await closing;
        expect(t.count.sent + t.count.dropped).toBe(pushed);
      }),
      { numRuns: 60 },
    );
  });
});
