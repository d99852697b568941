import { describe, expect, it } from "vitest";
import { createMetrics, growingLabel } from "./index.ts";

it("labels that come in pairs have the series of those pairs alone, and get those that are added", () => {
  const metrics = createMetrics();
  const pairs = growingLabel(["a,b"]);
  const moves = metrics.counter("moves", "Moves.", { "from,to": pairs, reason: ["x", "y,z"] });
  pairs.grow(["b,c"]);
  moves.add(moves.at(pairs.indexOf("b,c"), 1), 2);
  expect(metrics.render().match(/^moves_total.*$/gm)).toEqual([
    'moves_total{from="a",to="b",reason="x"} 0',
    'moves_total{from="a",to="b",reason="y,z"} 0',
    'moves_total{from="b",to="c",reason="x"} 0',
    'moves_total{from="b",to="c",reason="y,z"} 2',
  ]);
});

describe("metrics", () => {
  it("every label set is rendered with value 0 before anything was counted", () => {
    const metrics = createMetrics();
    metrics.counter("x_hits", "Hits.", { route: ["a", "b"], status: ["200", "500"] });
    const text = metrics.render();
    for (const route of ["a", "b"])
      for (const status of ["200", "500"])
        expect(text).toContain(`x_hits_total{route="${route}",status="${status}"} 0\n`);
    expect(text.endsWith("# EOF\n")).toBe(true);
  });

  it("slot addresses the label set of the given value indexes", () => {
    const metrics = createMetrics();
    const hits = metrics.counter("x_hits", "Hits.", { route: ["a", "b"], status: ["200", "500"] });
    hits.add(hits.slot([1, 0]), 3);
    expect(metrics.render()).toContain('x_hits_total{route="b",status="200"} 3\n');
    expect(hits.value(hits.slot([1, 0]))).toBe(3);
  });

  it("an index outside a label's values is refused", () => {
    const hits = createMetrics().counter("x_hits", "Hits.", { route: ["a"] });
    expect(() => hits.slot([1])).toThrow(RangeError);
    expect(() => hits.slot([])).toThrow(RangeError);
  });

  it("a value equal to a bound counts in that bound's bucket, and buckets are cumulative", () => {
    const metrics = createMetrics();
    const seconds = metrics.histogram("x_seconds", "Time.", {}, [0.5, 1, 2]);
    const slot = seconds.slot([]);
    for (const value of [0.5, 0.75, 9]) seconds.observe(slot, value);
    const text = metrics.render();
    expect(text).toContain('x_seconds_bucket{le="0.5"} 1\n');
    expect(text).toContain('x_seconds_bucket{le="1.0"} 2\n');
    expect(text).toContain('x_seconds_bucket{le="2.0"} 2\n');
    expect(text).toContain('x_seconds_bucket{le="+Inf"} 3\n');
    expect(text).toContain("x_seconds_count 3\n");
    expect(text).toContain("x_seconds_sum 10.25\n");
  });

  it("at addresses what slot addresses, for every label set of one, two and three labels", () => {
    const metrics = createMetrics();
    const a = ["1", "2", "3"];
    const one = metrics.counter("x_one", "One.", { a });
    const two = metrics.gauge("x_two", "Two.", { a, b: ["1", "2"] });
    const three = metrics.histogram("x_three", "Three.", { a, b: ["1", "2"], c: a }, [1]);
    for (let i = 0; i < 3; i++) {
      expect(one.at(i)).toBe(one.slot([i]));
      for (let j = 0; j < 2; j++) {
        expect(two.at(i, j)).toBe(two.slot([i, j]));
        for (let k = 0; k < 3; k++) expect(three.at(i, j, k)).toBe(three.slot([i, j, k]));
      }
    }
    expect(() => two.at(0, 2)).toThrow("label 1 has no value 2");
    expect(() => one.at(-1)).toThrow("label 0 has no value -1");
  });

  it("hostile label values cannot break a line", () => {
    const metrics = createMetrics();
    metrics.counter("x_hits", "Hits.", { route: ['a"} 9\nx\\'] });
    expect(metrics.render()).toContain('x_hits_total{route="a\\"} 9\\nx\\\\"} 0\n');
  });

  it("a gauge shows what its refresher set, and a name is defined once", () => {
    const metrics = createMetrics();
    const open = metrics.gauge("x_open", "Open.", {});
    metrics.onRender(() => open.set(open.slot([]), 7));
    open.add(open.slot([]), 1);
    expect(metrics.render()).toContain("x_open 7\n");
    expect(() => metrics.gauge("x_open", "Open.", {})).toThrow("twice");
    const labels = { queue: ["a", "b"] };
    const first = metrics.counter("x_lost", "Lost.", labels);
    expect(metrics.counter("x_lost", "Lost.", labels)).toBe(first);
    const depth = metrics.gauge("x_depth", "Waiting.", labels);
    expect(metrics.gauge("x_depth", "Waiting.", labels)).toBe(depth);
    expect(() => metrics.counter("x_depth", "Waiting.", labels)).toThrow("twice");
    expect(metrics.render().split("# TYPE x_lost ")).toHaveLength(2);
  });
});

describe("a growing label", () => {
  it("gives every family its new label sets with value 0 and keeps all counts and slots", () => {
    const metrics = createMetrics();
    const route = growingLabel(["a"]);
    const hits = metrics.counter("x_hits", "Hits.", { op: ["o", "p"], route, status: ["1", "2"] });
    const open = metrics.gauge("x_open", "Open.", { route });
    const seconds = metrics.histogram("x_seconds", "Time.", { route, s: ["f", "t"] }, [1]);
    const slot = hits.at(1, 0, 1);
    hits.add(slot, 5);
    open.set(0, 7);
    seconds.observe(seconds.at(0, 1), 0.5);
    route.grow(["a", "b", "c"]);
    expect(hits.at(1, 0, 1)).toBe(slot);
    expect(hits.value(slot)).toBe(5);
    hits.add(hits.slot([0, 2, 0]), 3);
    seconds.observe(seconds.at(2, 0), 9);
    const text = metrics.render();
    for (const line of [
      'x_hits_total{op="p",route="a",status="2"} 5',
      'x_hits_total{op="o",route="c",status="1"} 3',
      'x_hits_total{op="p",route="b",status="2"} 0',
      'x_open{route="a"} 7',
      'x_open{route="c"} 0',
      'x_seconds_bucket{route="a",s="t",le="1.0"} 1',
      'x_seconds_bucket{route="c",s="f",le="+Inf"} 1',
      'x_seconds_count{route="b",s="t"} 0',
    ])
      expect(text).toContain(`${line}\n`);
    expect(text.match(/^x_hits_total/gm)).toHaveLength(12);
  });

  it("keeps the position of a value for ever, and beyond its bound takes none of the new", () => {
    const label = growingLabel(["a", "b"], 3);
    label.grow(["b", "c"]);
    expect(["a", "b", "c", "d"].map((value) => label.indexOf(value))).toEqual([0, 1, 2, -1]);
    expect(() => label.grow(["a", "d"])).toThrow("over 3 values");
    expect(label.values).toEqual(["a", "b", "c"]);
  });

  it("is one at most in a family, which may begin without any label set", () => {
    const metrics = createMetrics();
    const a = growingLabel();
    expect(() => metrics.counter("x_two", "Two.", { a, b: growingLabel() })).toThrow("at most one");
    const hits = metrics.counter("x_hits", "Hits.", { a });
    expect(() => hits.at(0)).toThrow(RangeError);
    a.grow(["1"]);
    hits.add(hits.at(0));
    expect(metrics.render()).toContain('x_hits_total{a="1"} 1\n');
  });

  it("an info is one sample with the labels of the moment", () => {
    const metrics = createMetrics();
    let digest = "1";
    metrics.info("x_config", "Configuration.", () => ({ digest }));
    expect(metrics.render()).toContain("# TYPE x_config info\n");
    digest = 'a"b';
    expect(metrics.render()).toContain('x_config_info{digest="a\\"b"} 1\n');
  });
});
