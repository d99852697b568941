import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkGguf } from "./gguf.ts";
import { checkModelFile, fileChecksum, listedChecksum } from "./model-file.ts";
import { tinyModelPath } from "./model-file.fixture.ts";

const whole = readFileSync(tinyModelPath);
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loadline-gguf-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function fileOf(bytes: Buffer): string {
  const path = join(folder, "model.gguf");
  writeFileSync(path, bytes);
  return path;
}

describe("GGUF check", () => {
  it("accepts the shipped model and counts its tensors", () => {
    expect(checkGguf(tinyModelPath)).toEqual({ ok: true, bytes: whole.length, tensors: 29 });
  });

  it("refuses a file cut anywhere, in the header or in the last tensor", () => {
    for (const bytes of [0, 3, 4, 8, 24, 100, 5000, 20_000, 400_000, whole.length - 1]) {
      expect(checkGguf(fileOf(whole.subarray(0, bytes))).ok, `cut at ${bytes}`).toBe(false);
    }
  });

  it("says why: another kind of file, an unknown version, counts no model has", () => {
    const edited = (at: number, value: number): Buffer => {
      const copy = Buffer.from(whole.subarray(0, 100_000));
      copy.writeUInt32LE(value, at);
      return copy;
    };
    expect(checkGguf(fileOf(Buffer.from("%PDF-1.7")))).toMatchObject({
      reason: "the file does not begin with GGUF",
    });
    expect(checkGguf(fileOf(edited(4, 1)))).toMatchObject({ reason: "GGUF version 1 is unknown" });
    expect(checkGguf(fileOf(edited(8, 2 ** 31)))).toMatchObject({
      reason: "2147483648 tensors are more than a model has",
    });
    expect(checkGguf(fileOf(edited(8, 0)))).toMatchObject({ reason: "the file has no tensors" });
  });

  it("ends with an answer on any damage of the header", () => {
    fc.assert(
      fc.property(fc.nat(12_000), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const copy = Buffer.from(whole);
        copy.writeUInt8(value, at);
        expect(typeof checkGguf(fileOf(copy)).ok).toBe("boolean");
      }),
      { numRuns: 100 },
    );
  });
});

describe("model file", () => {
  it("the shipped model has the checksum its SHA256SUMS lists and at most 2 MB", async () => {
    expect(listedChecksum(tinyModelPath)).toMatch(/^[0-9a-f]{64}$/);
    expect(await fileChecksum(tinyModelPath)).toBe(listedChecksum(tinyModelPath));
    expect(whole.length).toBeLessThanOrEqual(2_000_000);
    await expect(checkModelFile(tinyModelPath)).resolves.toBeUndefined();
  });

  it("a file without a SHA256SUMS is judged by its structure alone", async () => {
    await expect(checkModelFile(fileOf(whole))).resolves.toBeUndefined();
  });

  it("one flipped bit of a listed file is LL_MODEL_DAMAGED, though the structure is whole", async () => {
    const copy = Buffer.from(whole);
    copy.writeUInt8(copy.readUInt8(whole.length - 1) ^ 1, whole.length - 1);
    const path = fileOf(copy);
    const list = join(folder, "SHA256SUMS");
    writeFileSync(list, `${listedChecksum(tinyModelPath)}  model.gguf\n`);
    await expect(checkModelFile(path)).rejects.toMatchObject({ code: "LL_MODEL_DAMAGED" });
    rmSync(list);
  });

  it("a missing file is LL_MODEL_LOAD and named", async () => {
    const code = "LL_MODEL_LOAD";
    await expect(checkModelFile(join(folder, "none.gguf"))).rejects.toMatchObject({
      code,
      message: expect.stringContaining("none.gguf"),
    });
  });
});
