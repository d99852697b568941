import { describe, expect, it } from "vitest";
import { runStackPlan } from "./stack.fixture.ts";
import { startResourcesTwin } from "./stubs/resources.ts";
import { jsonReply, startWebStub } from "./stubs/web.ts";
import { twinSuite } from "./twin-suite.fixture.ts";

twinSuite("resources", startResourcesTwin);

describe.skipIf(process.platform !== "linux")("a process of this machine", () => {
  it("is watched before, during and after a bounded load [R1-28]", async () => {
    await using stub = await startWebStub([], [{ when: "GET /", answer: jsonReply({}) }]);
    const load = { url: `${stub.url}/`, concurrency: 2 };
    const it_ = { kind: "resources", pid: process.pid, windowMs: 200, growthRatioMax: 10, load };
    const { words, evidence } = await runStackPlan({ services: { it: it_ } });
    expect(words["it.usage"]).toBe("passed");
    expect(evidence).toMatch(
      /during: at most [\d.]+ MiB, [\d.]+ cores, .* at \d+ requests, 0 failed/,
    );
  });

  it("above its limits fails by the name of each", async () => {
    const limits = { memoryBytes: 1_000 };
    const it_ = { kind: "resources", pid: process.pid, windowMs: 100, openFilesMax: 1, limits };
    const { words, sentences } = await runStackPlan({ services: { it: it_ } });
    expect(words["it.usage"]).toBe("failed false");
    expect(sentences["it.usage"]).toContain("memory, open files");
  });

  it("that is not there is a failure by its path", async () => {
    const it_ = { kind: "resources", pid: 4_194_305, windowMs: 100 };
    const { sentences } = await runStackPlan({ services: { it: it_ } });
    expect(sentences["it.usage"]).toContain("4194305/status cannot be read (ENOENT)");
  });
});
