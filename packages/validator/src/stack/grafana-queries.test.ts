import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filled, panelsOf, shownTargets, valuesIn, variablesOf } from "./wire/grafana-queries.ts";

const variables = (list: readonly object[]) => variablesOf({ templating: { list } });
const job = variables([{ name: "job", current: { value: "api" } }]);

describe("variables of a dashboard", () => {
  it("are filled in each of Grafana's forms, and no longer name is taken for a shorter one", () => {
    const text = "a{x='$job',y='${job}',z='${job:regex}',w='[[job]]',v='$jobs',i='$__interval'}";
    expect(filled(text, job)).toBe("a{x='api',y='api',z='api',w='api',v='$jobs',i='$__interval'}");
  });

  it("are filled wherever a query holds a text, its source too", () => {
    const query = { expr: "up", datasource: { uid: "${job}" }, tags: ["$job", 3, null] };
    expect(filled(query, job)).toEqual({
      expr: "up",
      datasource: { uid: "api" },
      tags: ["api", 3, null],
    });
  });

  it("all of them is the declared pattern or any, and several are alternatives", () => {
    const all = variables([
      { name: "a", current: { value: ["$__all"] } },
      { name: "b", current: { value: "$__all" }, allValue: "x.+" },
      { name: "c", current: { value: ["p", "q"] } },
      { name: "d", current: { value: ["p"] } },
    ]);
    expect([..."abcd"].map((name) => all.get(name))).toEqual([".*", "x.+", "(p|q)", "p"]);
  });

  it("a value stands as it is, whatever it holds: no part of it is filled again", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const own = variables([{ name: "v", current: { value } }]);
        expect(filled("<$v>", own)).toBe(`<${value}>`);
      }),
    );
  });

  it("a text without a variable is not changed, nor is anything but texts", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const plain = JSON.stringify(value).replaceAll(/[$[]/g, "_");
        fc.pre(plain === JSON.stringify(value));
        expect(filled(value, job)).toEqual(value);
      }),
    );
  });

  it("what holds itself ends", () => {
    const ring: Record<string, unknown> = { text: "$job" };
    ring["self"] = ring;
    expect(filled(ring, job)).toMatchObject({ text: "api", self: { text: "api" } });
  });
});

describe("panels that ask", () => {
  const targets = [{ refId: "A" }];

  it("are found in rows of both shapes and out of the library; texts and own sources are none", () => {
    const panels = [
      { id: 1, targets },
      { id: 2, type: "row", panels: [{ id: 3, targets }] },
      { id: 4, type: "text" },
      { id: 5, libraryPanel: { uid: "u" } },
      { id: 6, targets, datasource: { uid: "-- Dashboard --" } },
      { id: 7, targets, datasource: "-- Grafana --" },
    ];
    const rows = [{ panels: [{ id: 8, targets }] }];
    expect(panelsOf({ panels, rows }).map(({ id }) => id)).toEqual([1, 3, 5, 8]);
  });

  it("hidden queries are not asked, but for those that another reckons with", () => {
    const hidden = { refId: "A", hide: true };
    const plain = { refId: "B" };
    const sum = { refId: "C", datasource: { uid: "__expr__" } };
    expect(shownTargets({ targets: [hidden, plain] })).toEqual([plain]);
    expect(shownTargets({ targets: [hidden, sum] })).toEqual([hidden, sum]);
  });
});

describe("values of an answer", () => {
  const frame = (...values: unknown[]) => ({ data: { values } });

  it("times alone and gaps are none, a failed query is no answer", () => {
    expect(valuesIn({ results: { A: { frames: [frame([1, 2], [null, 5])] } } })).toBe(1);
    expect(valuesIn({ results: { A: { frames: [frame([1, 2])] } } })).toBe(2);
    expect(valuesIn({ results: { A: { frames: [frame([1, 2], [])] } } })).toBe(0);
    expect(valuesIn({ results: { A: { frames: [frame([1])] }, B: { error: "no" } } })).toBeNull();
    expect(valuesIn("<html>")).toBe(0);
  });
});
