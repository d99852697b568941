import { describe, expect, it } from "vitest";
import { encode, sha256, startRun } from "../../test/support.ts";
import { recordLine } from "./chain.ts";
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

function swapFirstMembers(line: string): string {
  return line.replace(/^\{("at":"[^"]*"),("by":\{[^}]*\})/, "{$2,$1");
}
