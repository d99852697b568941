import { createMetrics } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../audit-log/events.ts";
import { configSchema } from "../config/schema.ts";
import type { Controls } from "../controls.ts";
import { decideStream } from "./machine.ts";
import { createWorld, Order, orderSettings } from "./orders.fixture.ts";
import { streamParts } from "./parts.ts";

function parts(controls: Partial<Controls> = {}) {
  const events: AuditEvent[] = [];
  const metrics = createMetrics();
  const audit = { record: (event: AuditEvent): void => void events.push(event) };
  const made = streamParts(configSchema.parse({}), { metrics, audit, controls });
  return { events, metrics, made };
}

describe("a resumed stream", () => {
  it("is on record with both targets and how much was sent, never with what", () => {
    const { events, metrics, made } = parts();
    const order = new Order(createWorld(), {
      isStream: true,
      settings: orderSettings,
      hedgeAfterMs: -1,
      resumeMax: 0,
    });
    order.x.id = "req_1";
    made.onResume(order.x, { from: "a", to: "b", afterChars: 1234 });
    expect(events).toEqual([
      {
        tenant: "",
        actor: { id: "", kind: "unknown", via: "none", credential: "" },
        action: "stream.resumed",
        object: { type: "route", id: "r" },
        outcome: "ok",
        requestId: "req_1",
        surface: "chat",
        detail: { from: "a", to: "b", afterChars: 1234 },
      },
    ]);
    expect(metrics.render()).toContain("loadline_stream_resumes_total 1\n");
  });
});

describe("the machine as a control", () => {
  it("is the written one unless another is passed in", () => {
    const other: typeof decideStream = () => ({ action: "ignore", to: "attempt" });
    expect(parts().made.decide).toBe(decideStream);
    expect(parts({ streamMachine: other }).made.decide).toBe(other);
  });
});
