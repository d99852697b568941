import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { fixtureModel } from "../../../test/fixture-model.ts";
import type { PageDocument } from "../../../test/page/nodes.ts";
import { one, openPage, textsOf } from "../../../test/page/page.ts";
import { viewOf } from "../../../test/view.ts";
import type { Place } from "../../model/links.ts";
import type { LoadView } from "./load-view.tsx";

const made = fixtureModel({ slices: 8 });
const [chat] = made.load;
if (chat === undefined) throw new Error("the fixture has one series");
const model = { ...made, load: [chat, { ...chat, scenario: "stream/eu" }] };

describe("load view", () => {
  let View: typeof LoadView;
  // The charts' library looks for a window once, when it is loaded.
  beforeAll(async () => {
    using page = openPage();
    View = (await import("./load-view.tsx")).LoadView;
    expect(page.root.textContent).toBe("");
  });
  afterEach(() => vi.unstubAllGlobals());

  /** What the view of an address says, and which of its boxes was brought into sight. */
  async function open(place: Partial<Place>, of = model) {
    await using page = openPage();
    const root = page.show(<View {...viewOf(of, { screen: "load", ...place })} />);
    const seen = (document as unknown as PageDocument).scrolledTo;
    return {
      seen: seen === null ? "" : one(seen as unknown as Element, "h2, h3").textContent,
      notices: textsOf(root, ".notice"),
      links: [...root.querySelectorAll("h2 a, h3 a")].map((link) => link.getAttribute("href")),
      near: root.querySelector(".notice a")?.getAttribute("href"),
      title: one(root, "h1").textContent,
    };
  }

  it("each scenario and each chart has an address of its own", async () => {
    const charts = ["rate", "latency", "percentiles", "share", "heat"];
    expect((await open({})).links).toEqual(
      ["chat", "stream%2Feu"].flatMap((name) => [
        `#/load/${name}`,
        ...charts.map((chart) => `#/load/${name}/${chart}`),
      ]),
    );
  });

  it("what the address names is brought into sight, and nothing where it names nothing", async () => {
    expect((await open({ id: "stream/eu" })).seen).toBe("stream/eu");
    expect((await open({ id: "chat", part: "heat" })).seen).toBe("Heat map");
    expect((await open({})).seen).toBe("");
  });

  it("a scenario or chart that is not here is said, with the nearest", async () => {
    const scenario = await open({ id: "cat" });
    expect(scenario.notices).toEqual(["This report has no scenario cat; the nearest is chat."]);
    expect(scenario.near).toBe("#/load/chat");
    const chart = await open({ id: "chat", part: "heap" });
    expect(chart.notices).toEqual(["This report has no chart heap; the nearest is heat."]);
    expect(chart.near).toBe("#/load/chat/heat");
    expect([scenario.seen, chart.seen]).toEqual(["", ""]);
  });

  it("a run without load says what fills the page; a sample that bounds nothing has no curve", async () => {
    expect((await open({ id: "chat" }, { ...model, load: [] })).notices).toEqual([
      "This run holds no load samples. The command under Reproduce runs the load stage again.",
    ]);
    const none = { ...chat, maxMs: chat.maxMs.map(() => null), heat: [], percentiles: [] };
    expect((await open({}, { ...model, load: [none] })).notices[0]).toBe(
      "No request was answered, so no latency was measured.",
    );
    const few = { ...chat, n: 1, percentiles: [[0.5, 3, 3]] as const };
    expect((await open({}, { ...model, load: [few] })).notices).toEqual([
      "No percentile is bounded by this sample.",
    ]);
  });
});
