import { expect, test } from "vitest";
import { startRun } from "../test/support.ts";
import { readDetails } from "./load-details.ts";

test("a bundle of very many notes on one scenario is read in no more time than they are long", () => {
  const run = startRun([]);
  const waits = { scenario: "chat", cold: [[0.5, 12]], coldRequests: 3 };
  run.add({ kind: "note", data: { type: "waits", waits } });
  const note = run.records.find(({ kind }) => kind === "note");
  if (note === undefined) throw new TypeError("no note");
  const count = 400_000;
  const records = Array.from({ length: count }, (_, seq) => ({ ...note, seq }));
  // Copied for each note, what was cited before would take minutes.
  expect(readDetails(records).get("chat")?.evidence).toHaveLength(count);
});
