import { describe, expect, it } from "vitest";
import { encode, sha256, startRun } from "../../test/support.ts";
import { hashInput, recordLine } from "./chain.ts";
import { buildManifest, type Manifest } from "./manifest.ts";
import type { EvidenceRecord } from "./record.ts";
import { verifyChain } from "./verify-chain.ts";

/** More than one block of the reader holds, with texts of one, two, three and four bytes a sign. */
function longRun(): { lines: string[]; planDigest: string; head: string } {
  const run = startRun([]);
  const padding = "x".repeat(1_000);
  for (let i = 0; i < 9_000; i++) {
    const seen = i % 500 === 0 ? `é ☃ 🚀 ${i}` : `status 200 ${i}`;
    run.add({ kind: "note", data: { i, padding, seen, ratio: i / 7 } });
  }
  const last = run.end();
  return {
    lines: run.records.map(recordLine),
    planDigest: run.records[0]?.prev ?? "",
    head: last.hash,
  };
}

const { lines, planDigest, head } = longRun();
const o = { planDigest, digest: sha256 };

describe("verifyChain", () => {
  it("reads a log of many blocks and any script to its head", async () => {
    const bytes = encode(lines.join(""));
    expect(bytes.length).toBeGreaterThan(8 * 1024 * 1024);
    const result = await verifyChain(bytes, null, o);
    expect(result).toMatchObject({ ok: true, head });
    expect(result.records.map(recordLine)).toEqual(lines);
  });

  it("gives the same with a digest that waits, although the bytes handed to it are used again", async () => {
    const bytes = encode(lines.slice(0, 1_200).join(""));
    const late = (input: Uint8Array): Promise<string> => {
      const digest = sha256(input);
      return Promise.resolve().then(() => digest);
    };
    const waited = await verifyChain(bytes, null, { ...o, digest: late });
    expect(waited).toEqual(await verifyChain(bytes, null, o));
    expect(waited.records.length).toBe(1_200);
  });

  it.each([
    ["plain", 8_700, (line: string) => line.replace('"i":8699', '"i":1')],
    ["of many scripts", 8_501, (line: string) => line.replace("☃", "☂")],
    ["cut inside a sign of four bytes", 8_501, (line: string) => line.replace("🚀", "\ud83d")],
    ["with white space", 8_700, (line: string) => line.replace(',"by"', ', "by"')],
    ["with its members in another order", 8_700, swapFirstMembers],
  ])("names a changed record far into the log: %s", async (_what, at, change) => {
    const changed = lines.map((line, index) => (index === at ? change(line) : line));
    expect(changed[at]).not.toBe(lines[at]);
    const result = await verifyChain(encode(changed.join("")), null, o);
    expect(result).toMatchObject({ ok: false, firstBadRecord: at });
    expect(result.records.length).toBe(at);
  });

  it("finds any byte changed around the place where one batch of lines ends and the next begins", async () => {
    const run = startRun([]);
    for (let i = 0; i < 600; i++) run.add({ kind: "note", data: { i } });
    run.end();
    const short = run.records.map(recordLine);
    const whole = encode(short.join(""));
    const plan = { planDigest: run.records[0]?.prev ?? "", digest: sha256 };
    expect((await verifyChain(whole, null, plan)).ok).toBe(true);
    for (const index of [0, 63, 64, 127, 128, 600]) {
      const from = encode(short.slice(0, index).join("")).length;
      const length = encode(short[index] ?? "").length;
      for (let at = from; at < from + length; at++) {
        const changed = whole.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        const result = await verifyChain(changed, null, plan);
        expect({ at, ok: result.ok, bad: result.firstBadRecord }).toEqual({
          at,
          ok: false,
          bad: index,
        });
      }
    }
  }, 60_000);

  it("lines longer than a batch, and of other scripts among plain ones, keep their places", async () => {
    const run = startRun([]);
    const texts = ["a", "é", "b".repeat(60_000), "☃".repeat(20_000), "c".repeat(64_000), "🚀"];
    for (let i = 0; i < 40; i++) run.add({ kind: "note", data: { text: texts[i % 6] ?? "" } });
    const last = run.end();
    const plan = { planDigest: run.records[0]?.prev ?? "", digest: sha256 };
    const result = await verifyChain(encode(run.records.map(recordLine).join("")), null, plan);
    expect(result).toMatchObject({ ok: true, head: last.hash });
    expect(result.records).toEqual(run.records);
  });

  it("refuses a record hashed over a form that is not canonical", async () => {
    const first = lines.slice(0, 2).join("");
    const before: EvidenceRecord = JSON.parse(lines[1] ?? "");
    const next = JSON.parse(lines[2] ?? "") as Record<string, unknown>;
    const { hash: _hash, ...open } = next;
    const loose = JSON.stringify({ ...open, at: next["at"] }).replace('{"at"', '{ "at"');
    const hash = sha256(encode(`loadline-evidence-1\n${before.hash}${loose}`));
    const line = `${loose.replace(',"kind"', `,"hash":"${hash}","kind"`)}\n`;
    const result = await verifyChain(encode(first + line), null, o);
    expect(result).toMatchObject({ ok: false, firstBadRecord: 2 });
    expect(result.message).toMatch(/canonical form/);
  });
});

describe("a log that somebody wrote anew, every hash and link made to fit", () => {
  type Open = Omit<EvidenceRecord, "hash">;

  /** What one with this tool can forge: `change` of each record, chained again from the plan. */
  function forged(
    records: readonly EvidenceRecord[],
    change: (open: Open, at: number) => Open,
  ): string {
    let prev = records[0]?.prev ?? "";
    const made = records.map((record, at) => {
      const { hash: _hash, ...open } = record;
      const next = change({ ...open, prev }, at);
      prev = sha256(hashInput(next));
      return recordLine({ ...next, hash: prev });
    });
    return made.join("");
  }

  const run = startRun([]);
  for (let i = 0; i < 4; i++) run.add({ kind: "note", data: { i } });
  run.end();
  const own = { planDigest: run.records[0]?.prev ?? "", digest: sha256 };
  const verified = (change: (open: Open, at: number) => Open, manifest: Manifest | null = null) =>
    verifyChain(encode(forged(run.records, change)), manifest, own);
  const at = (index: number, change: Partial<Open>) => (open: Open, i: number) =>
    i === index ? { ...open, ...change } : open;

  it("is a chain when nothing else is wrong with it", async () => {
    expect(await verified((open) => open)).toMatchObject({ ok: true });
    // Two records of one moment are in order.
    expect(await verified(at(3, { mono: 200 }))).toMatchObject({ ok: true });
  });

  it.each([
    ["has seq 7", 3, { seq: 7 }],
    ["does not continue the record before it", 3, { prev: "0".repeat(64) }],
    ["belongs to another run", 3, { run: "run-2" }],
    ["goes back in time", 3, { mono: 199 }],
    ["follows the closing record", 4, {}],
  ] as const)("and a record that %s is named", async (what, index, change) => {
    const close = what === "follows the closing record" ? at(3, { kind: "run.closed" }) : null;
    const result = await verified((open, i) => at(index, change)(close?.(open, i) ?? open, i));
    expect(result).toMatchObject({ ok: false, code: "LL_VERIFY_CHAIN", firstBadRecord: index });
    expect(result.message).toBe(`Record ${index} ${what}.`);
    expect(result.records).toHaveLength(index);
  });

  it("without its end is open, not whole", async () => {
    const bytes = encode(forged(run.records.slice(0, -1), (open) => open));
    expect(await verifyChain(bytes, null, own)).toMatchObject({
      ok: null,
      firstBadRecord: 5,
      message: "The chain of 5 records has no closing record.",
    });
    expect(await verifyChain(new Uint8Array(), null, own)).toMatchObject({ ok: null });
  });

  it.each([
    ["5 records of 6.", 5, {}],
    ["The chain head is not the one of the manifest.", 6, { chainHead: "0".repeat(64) }],
    ["The run id is not the one of the manifest.", 6, { run: "run-2" }],
  ])("is held against the manifest of the run that was: %s", async (message, count, change) => {
    const manifest = buildManifest({
      run: "run-1",
      toolVersion: "1",
      planDigest: own.planDigest,
      recordCount: 6,
      chainHead: run.records.at(-1)?.hash ?? "",
      files: new Map(),
      digest: sha256,
    });
    const bytes = encode(run.records.slice(0, count).map(recordLine).join(""));
    expect(await verifyChain(bytes, manifest, own)).toMatchObject({ ok: count === 6 });
    const result = await verifyChain(bytes, { ...manifest, ...change }, own);
    expect(result).toMatchObject({ ok: false, message, firstBadRecord: count });
  });
});

function swapFirstMembers(line: string): string {
  return line.replace(/^\{("at":"[^"]*"),("by":\{[^}]*\})/, "{$2,$1");
}
