import { expect, test } from "vitest";
import { sha256, startRun } from "../../test/support.ts";
import { createChain, hashInput, recordLine } from "./chain.ts";
import { recordBytesMax } from "./digest.ts";
import type { Observation } from "./record.ts";

const note = (data: Record<string, unknown>): Observation => ({
  kind: "note",
  by: { id: "test", version: "1", digest: "" },
  claims: [],
  target: "t",
  provenance: "measured",
  data,
});
const at = "2026-04-12T10:15:00.000Z";
const start = () => createChain({ run: "r", planDigest: "p".repeat(64), digest: sha256 });

test("each record links to the one before, the first to the plan", () => {
  const { records, plan } = startRun([]);
  expect(plan.claims).toEqual([]);
  const chain = start();
  const first = chain.append(note({ a: 1 }), at, 0);
  const second = chain.append(note({ a: 2 }), at, 5);
  expect(first).toMatchObject({ v: 1, seq: 0, run: "r", prev: "p".repeat(64), mono: 0 });
  expect(second).toMatchObject({ seq: 1, prev: first.hash });
  expect([chain.head(), chain.count()]).toEqual([second.hash, 2]);
  expect(records[0]?.kind).toBe("run.started");
});

test("the hash covers domain, link and everything but itself", () => {
  const record = start().append(note({ b: 2, a: 1 }), at, 0);
  const { hash, ...open } = record;
  expect(sha256(hashInput(open))).toBe(hash);
  expect(sha256(hashInput(open, "another-domain\n"))).not.toBe(hash);
  expect(sha256(hashInput({ ...open, mono: 1 }))).not.toBe(hash);
  const text = new TextDecoder().decode(hashInput(open));
  expect(text.startsWith(`loadline-evidence-1\n${"p".repeat(64)}{"at":`)).toBe(true);
  expect(recordLine(record).endsWith("}\n")).toBe(true);
});

test("another domain gives another chain", () => {
  const o = { run: "r", planDigest: "", digest: sha256 };
  const audit = createChain({ ...o, domain: "loadline-audit-1\n" }).append(note({}), at, 0);
  expect(audit.hash).not.toBe(createChain(o).append(note({}), at, 0).hash);
});

test("a later change of the observation does not reach the record", () => {
  const data = { list: [1] };
  const record = start().append(note(data), at, 0);
  data.list.push(2);
  expect(record.data).toEqual({ list: [1] });
});

test("lone surrogates of target text are replaced, numbers without a JSON form refused", () => {
  const record = start().append(note({ text: "a\ud800", gone: undefined }), at, 0);
  expect(record.data).toEqual({ text: "a\ufffd" });
  expect(() => start().append(note({ ms: Number.NaN }), at, 0)).toThrow(
    expect.objectContaining({ code: "LL_EVIDENCE_VALUE" }),
  );
});

test("a record over 64 KiB is refused and leaves the chain as it was", () => {
  const chain = start();
  const text = "x".repeat(recordBytesMax);
  expect(() => chain.append(note({ text }), at, 0)).toThrow(
    expect.objectContaining({ code: "LL_EVIDENCE_LIMIT" }),
  );
  expect([chain.head(), chain.count()]).toEqual(["p".repeat(64), 0]);
  expect(chain.append(note({ text: "short" }), at, 0).seq).toBe(0);
});
