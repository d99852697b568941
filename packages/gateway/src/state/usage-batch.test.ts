import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aBatch, aUsage, recordsOf } from "./rows.fixture.ts";
import { usageColumns, type UsageRow } from "./rows.ts";
import { createUsageBatcher } from "./usage-batch.ts";

const minuteMs = 60_000;
const count = fc.integer({ min: 0, max: 1e9 });
const arbitraryRow: fc.Arbitrary<UsageRow> = fc.record({
  id: fc.string(),
  at: fc.integer({ min: 0, max: 5 * minuteMs }),
  requestId: fc.string(),
  keyId: fc.constantFrom("k1", "k2", ""),
  tenantId: fc.constantFrom("t1", "t 2", 't"3'),
  route: fc.string({ unit: "binary" }),
  model: fc.constantFrom("m", "m\u00e9\n", "\u{1f600}"),
  target: fc.string(),
  inputTokens: count,
  cachedTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  costNano: count,
  source: fc.constantFrom("provider", "estimated", "cached", "none", "unknown"),
  exit: fc.string(),
});

describe("a usage batch", () => {
  it("holds every row as it was, whatever its texts are", () => {
    fc.assert(
      fc.property(fc.array(arbitraryRow, { minLength: 1, maxLength: 60 }), (rows) => {
        const batch = aBatch(...rows);
        expect(batch.records).toBe(rows.length);
        expect(recordsOf(batch)).toEqual(
          rows.map((row) => Object.fromEntries(usageColumns.map((name) => [name, row[name]]))),
        );
        expect([batch.id, batch.at]).toEqual([rows[0]?.id, rows[0]?.at]);
      }),
    );
  });

  it("sums its rows by minute, tenant, key and model, and none of them twice", () => {
    fc.assert(
      fc.property(fc.array(arbitraryRow, { minLength: 1, maxLength: 60 }), (rows) => {
        const { sums } = aBatch(...rows);
        const keys = sums.map((s) => JSON.stringify([s.minute, s.tenantId, s.keyId, s.model]));
        expect(new Set(keys).size).toBe(sums.length);
        for (const sum of sums) {
          const own = rows.filter(
            (row) =>
              Math.floor(row.at / minuteMs) * minuteMs === sum.minute &&
              row.tenantId === sum.tenantId &&
              row.keyId === sum.keyId &&
              row.model === sum.model,
          );
          expect(sum.requests).toBe(own.length);
          const total = (name: "inputTokens" | "outputTokens" | "costNano"): number =>
            own.reduce((all, row) => all + row[name], 0);
          expect(sum.inputTokens).toBe(total("inputTokens"));
          expect(sum.outputTokens).toBe(total("outputTokens"));
          expect(sum.costNano).toBe(total("costNano"));
        }
        expect(sums.reduce((all, sum) => all + sum.requests, 0)).toBe(rows.length);
      }),
    );
  });

  it("tells rows apart that differ in a single text", () => {
    const names = ["keyId", "tenantId", "route", "model", "target", "source", "exit"] as const;
    const plain = aUsage("a");
    for (const name of names) {
      const other = { ...plain, [name]: name === "source" ? "none" : "other" };
      const [, second, third] = recordsOf(aBatch(plain, other, plain));
      expect([second?.[name], third?.[name]]).toEqual([other[name], plain[name]]);
    }
  });

  it("is empty again once it was taken, and grows beyond its first space", () => {
    const batcher = createUsageBatcher();
    expect(batcher.take()).toBeUndefined();
    const long = "x".repeat(200_000);
    batcher.add(aUsage("a", { route: long }));
    expect(batcher.records).toBe(1);
    expect(batcher.take()?.lines).toContain(long);
    expect(batcher.records).toBe(0);
    expect(batcher.take()).toBeUndefined();
    batcher.add(aUsage("b"));
    expect(batcher.take()).toMatchObject({ id: "b", records: 1 });
  });
});
