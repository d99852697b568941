import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../stubs/folder.ts";
import { lineBatches } from "./file-lines.ts";

/** A read takes 1 Mi bytes; the first piece of a line is given after the fifth. */
const chunk = 1_048_576;
const piece = 5 * chunk;
const word = "ll-secret-0123456789";
const never = new AbortController().signal;

async function read(text: string): Promise<{ line: number; text: string }[]> {
  await using folder = await makeFolder({ "a.txt": text });
  const all: { line: number; text: string }[] = [];
  for await (const { first, lines } of lineBatches(join(folder.path, "a.txt"), never)) {
    lines.forEach((line, at) => all.push({ line: first + at, text: line }));
  }
  return all;
}

describe("a file as lines", () => {
  it("a word that the border of two pieces cuts is whole in one of them, wherever it is cut", async () => {
    for (let cut = 0; cut <= word.length; cut++) {
      const before = "x".repeat(piece - cut);
      const pieces = await read(`${before}${word}${"y".repeat(100)}\nlast`);
      expect(pieces.at(-1), `cut ${cut}`).toEqual({ line: 2, text: "last" });
      const own = pieces.filter(({ line }) => line === 1);
      expect(own.length, `cut ${cut}`).toBeGreaterThan(1);
      expect(
        own.some(({ text }) => text.includes(word)),
        `cut ${cut}`,
      ).toBe(true);
    }
  }, 60_000);

  it("lines and their ends that two reads share are whole, wherever they are cut", async () => {
    for (let cut = 0; cut <= word.length + 3; cut++) {
      const lines = await read(`${"x".repeat(chunk - cut)}\r\n${word}\r\nlast`);
      expect(lines.slice(1), `cut ${cut}`).toEqual([
        { line: 2, text: word },
        { line: 3, text: "last" },
      ]);
      expect(lines[0]?.text.length).toBe(chunk - cut);
    }
  }, 60_000);
});
