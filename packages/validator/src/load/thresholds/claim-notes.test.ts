import { describe, expect, it } from "vitest";
import { claims, closed, code, first } from "./to-claims.fixture.ts";

describe("what is said of a threshold beside its claim", () => {
  it("k6's duration in an open model gets a note, the other clock does not", () => {
    for (const expression of ["p(95)<500", "p(95)>5", "avg<500", "max<5s", "med==5"]) {
      const { notes } = first({ http_req_duration: expression });
      expect(notes.join(), expression).toContain("response_time counts from when");
      expect(first({ service_time: expression }).notes.join()).not.toContain("response_time");
      const users = first({ http_req_duration: expression }, { scenarios: { chat: closed } });
      expect(users.notes.join(), expression).not.toContain("response_time");
    }
    const { limits, notes } = first({ http_req_duration: "p(95)<500 clock(intended)" });
    expect(limits[0]?.metric).toBe("response_time");
    expect(notes).toEqual([]);
    expect(first({ ttft: "p(95)<1s clock(intended)" }).limits[0]?.metric).toBe("ttft_open");
    expect(code(() => claims({ tpot: "p(95)<1s clock(sent)" }))).toMatch(/^LL_LOAD_THRESHOLD_TYPE/);
  });

  it("a bare error rate of 5 % and more says what it means, 0.1 was often meant as 0.1 %", () => {
    expect(first({ errors: "rate<0.1" }).notes).toEqual(["errors: rate<0.1 means 10 %"]);
    expect(first({ errors: "rate<0.01" }).notes).toEqual([]);
    expect(first({ errors: "rate<10%" }).notes).toEqual([]);
  });

  it.each([
    ["errors", "rate<=1", "a share lies between 0 and 100 %"],
    ["errors", "rate<150%", "a share lies between 0 and 100 %"],
    ["errors{class:status_429}", "rate>=0%", "a share lies between 0 and 100 %"],
    ["http_req_failed", "rate!=2", "a share lies between 0 and 100 %"],
    ["http_reqs", "count>=0", "http_reqs is never below 0"],
    ["response_time", "p(95)>-1", "response_time is never below 0"],
    ["response_time", "avg!=-1", "response_time is never below 0"],
  ])("%s: %s says that it can never fail", (metric, expression, why) => {
    const note = `${metric}: ${expression} can never fail: ${why}`;
    expect(first({ [metric]: expression }).notes).toContain(note);
  });

  it.each([
    ["errors", "rate<1"],
    ["errors", "rate<=0.99"],
    ["errors", "rate>0"],
    ["errors", "rate==0"],
    ["errors", "rate!=0.5"],
    ["errors", "rate<-1"],
    ["http_reqs", "count>0"],
    ["http_reqs", "count<=1e12"],
    ["response_time", "max<10m"],
  ])("%s: %s can fail, and nothing is said of it", (metric, expression) => {
    expect(first({ [metric]: expression }).notes.join()).not.toContain("never fail");
  });

  it("what a plan's own metric is told has no bounds, unless it is a share", () => {
    const notes = (type: "gauge" | "rate", expression: string) => {
      const quantity = type === "rate" ? "ratio" : "count";
      const counts = type === "rate" ? ({ counts: "bad" } as const) : {};
      const metrics = [{ name: "own", type, quantity, ...counts } as const];
      return first({ own: expression }, { metrics }).notes.join();
    };
    expect(notes("gauge", "value>=0")).not.toContain("never fail");
    expect(notes("rate", "rate<=1")).toContain("never fail");
  });

  it("for() without abortOnFail is said to change nothing", () => {
    expect(first({ response_time: "p(95)<1s for(30s)" }).notes[0]).toContain("changes nothing");
    const spec = { threshold: "p(95)<1s for(30s)", abortOnFail: true };
    const { notes, stop } = first({ response_time: spec });
    expect(notes).toEqual([]);
    expect(stop).toMatchObject({ forMs: 30_000, delayMs: 0, on: "evidence" });
  });

  it("a figure cannot stop a run by proof, which is said; by k6's rule it can", () => {
    const proof = first({ response_time: { threshold: "avg<1s", abortOnFail: true } });
    expect(proof.stop).toBeUndefined();
    expect(proof.notes.join()).toContain("abortOnFail waits for it");
    const spec = { threshold: "avg<1s", abortOnFail: true, abortOn: "point" } as const;
    const point = first({ response_time: spec });
    expect(point.stop).toMatchObject({ on: "point" });
    expect(point.notes.join()).not.toContain("waits");
  });

  it("a metric that nothing of the plan counts for is declared, and said to be not tested", () => {
    const { claim, limits, notes } = first({ checks: "rate==1" });
    expect([claim.id, limits]).toEqual(["all.checks.rate", []]);
    expect(notes[0]).toBe("nothing of this plan counts for checks: not_tested");
  });
});
