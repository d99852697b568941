import { expect, test } from "vitest";
import { makeBundle, makeClaim, startRun } from "../../test/support.ts";
import { parseWaivers, waivableVerdicts } from "../waiver/waiver.ts";
import { evidenceRecordSchema } from "./record-schema.ts";
import { verdictDocumentSchema } from "./verdict-schema.ts";
import { waiverFileSchema } from "./waiver-schema.ts";

test("every key of a folded document is in the published schema, at every depth", () => {
  const documents = [makeBundle().run.fold(), startRun([]).fold()];
  for (const document of documents) {
    const read = verdictDocumentSchema.parse(document);
    expect(read).toEqual(document);
    expect(Object.keys(document).filter((k) => !(k in verdictDocumentSchema.shape))).toEqual([]);
    const claimKeys = Object.keys(verdictDocumentSchema.shape.claims.element.shape);
    for (const claim of document.claims) {
      expect(Object.keys(claim).filter((key) => !claimKeys.includes(key))).toEqual([]);
    }
  }
});

test("every record of a run is of the published shape, and one key more is not", () => {
  for (const record of makeBundle().run.records) {
    expect(evidenceRecordSchema.safeParse(record).success).toBe(true);
    expect(evidenceRecordSchema.safeParse({ ...record, more: 1 }).success).toBe(false);
  }
});

test("what the rules of waivers take is what the schema takes", () => {
  const claims = [makeClaim({ id: "a", kind: "predicate" })];
  const waiver = {
    claim: "a",
    covers: waivableVerdicts[0],
    reason: "Accepted until the next release of it.",
    owner: "R. Owner",
    approvedBy: "A. Approver",
    created: "2026-04-01",
    expires: "2026-04-30",
    target: "simulator",
    link: "OPS-1",
  };
  expect(parseWaivers({ waivers: [waiver] }, { claims }).ok).toBe(true);
  expect(waiverFileSchema.safeParse({ waivers: [waiver] }).success).toBe(true);
  for (const key of Object.keys(waiver)) {
    const rest = Object.fromEntries(Object.entries(waiver).filter(([name]) => name !== key));
    expect(parseWaivers({ waivers: [rest] }, { claims }).ok, key).toBe(false);
    expect(waiverFileSchema.safeParse({ waivers: [rest] }).success, key).toBe(false);
  }
});
