import { TestClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditEvent } from "./events.ts";
import { event } from "./memory-audit.fixture.ts";
import { createDenialMerger } from "./merge.ts";

const count = (e: AuditEvent): number => Number(e.detail?.["count"]);

function denial(o: { credential?: string; ip?: string; surface?: string }): AuditEvent {
  const actor = { id: "u", kind: "user", via: "key", credential: o.credential ?? "" };
  const base = { action: "auth.denied", outcome: "denied", code: "LL_AUTH_INVALID" } as const;
  return event({ ...base, actor, ip: o.ip ?? "10.0.0.1", surface: o.surface ?? "chat" });
}

describe("merging of denials", () => {
  it("the counts of a flood add up exactly, whatever its order and pauses", () => {
    const one = fc.record({
      credential: fc.constantFrom("", "k1", "k2"),
      ip: fc.constantFrom("10.0.0.1", "10.0.0.2"),
      surface: fc.constantFrom("chat", "keys.list"),
    });
    const step = fc.tuple(one, fc.constantFrom(0, 1, 5000, 11_000));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new TestClock();
        const out: AuditEvent[] = [];
        const merger = createDenialMerger(clock, (e) => out.push(e));
        for (const [o, ms] of steps) {
          merger.deny(denial(o));
          clock.advance(ms);
        }
        merger.flush();
        expect(out.reduce((sum, e) => sum + count(e), 0)).toBe(steps.length);
      }),
    );
  });

  it("a credential is one caller from any address; without one each address is its own", () => {
    const out: AuditEvent[] = [];
    const merger = createDenialMerger(new TestClock(), (e) => out.push(e));
    for (const ip of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) {
      merger.deny(denial({ credential: "k1", ip }));
      merger.deny(denial({ ip }));
    }
    expect(out).toHaveLength(4);
    merger.flush();
    expect(out.map(count)).toEqual([1, 1, 1, 1, 2]);
  });

  it("a flood from 100,000 addresses opens at most 4,097 windows and loses no count", () => {
    const out: AuditEvent[] = [];
    const merger = createDenialMerger(new TestClock(), (e) => out.push(e));
    for (let i = 0; i < 100_000; i++) merger.deny(denial({ ip: `a${i}` }));
    expect(merger.size()).toBe(4097);
    merger.flush();
    expect(out).toHaveLength(4098);
    expect(out.reduce((sum, e) => sum + count(e), 0)).toBe(100_000);
    expect(out.at(-1)?.actor.id).toBe("*");
    expect(merger.size()).toBe(0);
  });

  it("the later entry says when the last denial came and names no single request", () => {
    const clock = new TestClock();
    const out: AuditEvent[] = [];
    const merger = createDenialMerger(clock, (e) => out.push(e));
    merger.deny(denial({}));
    clock.advance(4000);
    merger.deny(denial({}));
    clock.advance(6000);
    expect(out[1]?.requestId).toBeUndefined();
    expect(out[1]?.detail?.["lastAt"]).toBe("2026-01-01T00:00:04.000Z");
    expect(clock.pending).toBe(0);
  });
});
