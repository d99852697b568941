import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { miniClaim } from "@loadline/contract";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createRecorder, type Recorder } from "../evidence/recorder.ts";
import { createRedactor } from "../evidence/redact.ts";
import { makeRunDirectory } from "../evidence/run-directory.ts";
import { leaveRest } from "./leave-rest.ts";

let root = "";
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "loadline-rest-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function open(): Recorder {
  return createRecorder({
    runDir: makeRunDirectory(root, "run"),
    run: "run",
    planDigest: "plan",
    target: "t",
    toolVersion: "1",
    clock: new TestClock(),
    redactor: createRedactor([], new Uint8Array(32)),
  });
}

it("what was closed or skipped stays as it is; every other part is left, by name", () => {
  const recorder = open();
  const claims = [
    miniClaim({ id: "sides", kind: "predicate", parts: ["a", "b", "c"] }),
    miniClaim({ id: "absent", kind: "predicate", parts: ["a", "b"] }),
    miniClaim({ id: "broken", kind: "predicate" }),
    miniClaim({ id: "unseen", kind: "predicate" }),
  ];
  const say = (kind: "sample.closed" | "skip" | "check.error", id: string, data: object): void => {
    recorder.append({ kind, by: "x", claims: [id], data: { stream: "stream", ...data } });
  };
  say("sample.closed", "sides", { part: "a" });
  say("skip", "sides", { part: "b", reason: "not_run" });
  say("skip", "absent", { reason: "capability_missing" });
  say("check.error", "broken", { reason: "crashed", attempt: 1 });
  const before = recorder.records.length;
  leaveRest(recorder, claims, "probe");
  const added = recorder.records.slice(before);
  recorder.close();
  expect(added.map((record) => [record.kind, record.claims[0], record.data["part"]])).toEqual([
    ["skip", "sides", "c"],
    ["skip", "broken", "all"],
    ["skip", "unseen", "all"],
  ]);
  expect(new Set(added.map(({ data }) => data["reason"]))).toEqual(new Set(["over_budget"]));
});
