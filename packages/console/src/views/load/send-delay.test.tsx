import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../../test/fixture-model.ts";
import { openPage, textsOf } from "../../../test/page/page.ts";
import { SendDelay } from "./send-delay.tsx";

const model = fixtureModel();
const delay = { responseMs: 18, serviceMs: 10, pacerMs: 1, queueMs: 5, connectMs: 2 };

/** What the report says of the place where a scenario's requests waited. */
function said(part: "pacer" | "queue" | "connect" | null): string {
  const [series] = model.load;
  if (series === undefined) throw new Error("the fixture holds no load");
  using page = openPage();
  const shown = { ...series, ...(part !== null && { delay: { ...delay, part } }) };
  return textsOf(page.show(<SendDelay series={shown} />), ".delay").join("");
}

describe("where requests of a scenario waited", () => {
  it("is named beside the waits at each place", () => {
    const text = said("queue");
    expect(text).toContain("18 ms from when they were due and 10 ms from when they were sent");
    expect(text).toContain("The wait arises in the queue: no user or connection was free.");
    expect(text).toContain("Medians: pacer 1 ms, queue 5 ms, connect 2 ms.");
  });

  it("has its own words for each, and none where requests were sent in time", () => {
    expect(said("pacer")).toContain("the pacer: the generator was late");
    expect(said("connect")).toContain("connecting: connections had to be opened");
    expect(said(null)).toBe("");
  });
});
