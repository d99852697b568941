import { describe, expect, it } from "vitest";
import { createFlight } from "../engine/flight.ts";
import { Arena } from "./arena.ts";
import { Series } from "./series.ts";

const made = (): Series => new Series("chat", new Arena(), { durationMs: 10_000, drainMs: 2_000 });

interface Waits {
  readonly pacer?: number;
  readonly queue?: number;
  readonly connect?: number;
}

/** Adds `count` answers of 10 ms service time that waited so long at each place, in ms. */
function add(series: Series, count: number, { pacer = 0, queue = 0, connect = 0 }: Waits): void {
  for (let i = 0; i < count; i++) {
    const flight = createFlight(0, i, 1_000);
    flight.wakeMs = 1_000 + pacer;
    flight.carriedMs = flight.wakeMs + queue;
    flight.sendMs = flight.carriedMs + connect;
    flight.doneMs = flight.sendMs + 10;
    flight.cold = connect > 0;
    series.lag.record(pacer * 1_000);
    series.ended(0, "ok", flight, true);
  }
}

const delayOf = (...all: readonly (readonly [number, Waits])[]) => {
  const series = made();
  for (const [count, waits] of all) add(series, count, waits);
  return series.whole().delay;
};

describe("where response time comes to differ from service time", () => {
  it.each([
    ["pacer", { pacer: 5, queue: 1, connect: 2 }],
    ["queue", { pacer: 1, queue: 5, connect: 2 }],
    ["connect", { pacer: 1, queue: 2, connect: 5 }],
  ] as const)("is %s where that is the longest wait", (part, waits) => {
    expect(delayOf([100, waits])).toMatchObject({
      part,
      pacerMs: expect.closeTo(waits.pacer, 1),
      queueMs: expect.closeTo(waits.queue, 1),
      connectMs: expect.closeTo(waits.connect, 1),
      responseMs: expect.closeTo(18, 0),
      serviceMs: expect.closeTo(10, 0),
    });
  });

  it("is told from more than 10 % of service time on", () => {
    expect(delayOf([100, { queue: 0.9 }])).toBeUndefined();
    expect(delayOf([100, { queue: 1.2 }])?.part).toBe("queue");
    expect(delayOf()).toBeUndefined();
  });

  it("is that of most requests, however long a few of them connected", () => {
    expect(delayOf([10, { connect: 900 }], [90, { queue: 3 }])).toMatchObject({
      part: "queue",
      connectMs: 0,
    });
    expect(delayOf([60, { connect: 4 }], [40, {}])?.part).toBe("connect");
  });

  it("is the longest wait in all where none shows at the median", () => {
    const delay = delayOf([30, { queue: 5 }], [40, { connect: 5 }], [30, {}]);
    expect(delay).toMatchObject({ part: "connect", queueMs: 0, connectMs: 0 });
  });

  it("of a client that tells of no connection is pacer or queue", () => {
    const series = made();
    for (let i = 0; i < 50; i++) {
      const times = { wakeMs: 1_000, sendMs: 1_006, doneMs: 1_016 };
      series.ended(0, "ok", Object.assign(createFlight(0, i, 1_000), times), true);
    }
    expect(series.whole().delay).toMatchObject({ part: "queue", queueMs: expect.closeTo(6, 1) });
    expect(series.waits()).toMatchObject({
      connecting: [],
      queued: [
        [0.5, 6],
        [0.9, 6],
        [0.99, 6],
      ],
    });
  });
});
