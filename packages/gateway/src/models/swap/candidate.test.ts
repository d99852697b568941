import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyModelPath } from "../model-file.fixture.ts";
import { checkFile, checkMemory } from "./candidate.ts";

let folder = "";
const bytes = readFileSync(tinyModelPath);
const sha256 = createHash("sha256").update(bytes).digest("hex");

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "ll-candidate-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("the file of a new model", () => {
  it("passes with the checksum that is configured, or that a SHA256SUMS beside it lists", async () => {
    const path = join(folder, "copy.gguf");
    copyFileSync(tinyModelPath, path);
    for (const one of [{ path, sha256 }, { path: tinyModelPath }]) {
      const { check, bytes: size } = await checkFile({ name: "n", ...one });
      expect([check.outcome, size]).toEqual(["passed", bytes.length]);
    }
  });

  it("fails without a checksum to compare with: what was not compared is not passed", async () => {
    const { check } = await checkFile({ name: "n", path: fileOf("bare.gguf", bytes) });
    expect(check).toEqual({
      id: "file",
      outcome: "failed",
      detail: "its SHA-256 is neither configured nor in a SHA256SUMS beside it",
    });
  });

  it("fails when one bit of its weights is another", async () => {
    const other = Buffer.from(bytes);
    other[other.length - 1] = (other[other.length - 1] ?? 0) ^ 1;
    const { check } = await checkFile({ name: "n", path: fileOf("bit.gguf", other), sha256 });
    expect(check).toMatchObject({ outcome: "failed", detail: expect.stringContaining("is not") });
  });

  it.each([
    ["is cut", bytes.subarray(0, 300_000), "the tensors need"],
    ["is no GGUF", Buffer.from("not a model"), "begin with GGUF"],
    ["is empty", Buffer.alloc(0), "ends inside its header"],
  ])("fails when it %s", async (name, content, detail) => {
    const { check } = await checkFile({ name: "n", path: fileOf(`${name}.gguf`, content), sha256 });
    expect(check).toMatchObject({ outcome: "failed", detail: expect.stringContaining(detail) });
  });

  it("fails when there is none", async () => {
    const { check } = await checkFile({ name: "n", path: join(folder, "none.gguf"), sha256 });
    expect(check).toMatchObject({ outcome: "failed", detail: expect.stringContaining("ENOENT") });
  });
});

describe("the memory for a new model", () => {
  it.each([
    [1000, 1500, "passed"],
    [1000, 1499, "failed"],
    [0, 1e9, "not_tested"],
  ])("of %i bytes with %i free: %s", (size, free, outcome) => {
    expect(checkMemory(size, free).outcome).toBe(outcome);
  });
});
