import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { mutate } from "../fuzz/mutate.ts";
import { checkAnswer, readers } from "./answers.ts";
import { corpus } from "./corpus.ts";

const casesDefault = 2000;
const cases = Number(process.env["LOADLINE_FUZZ_CASES"] ?? casesDefault * 10) / 10;
const seed = Number(process.env["LOADLINE_FUZZ_SEED"] ?? 20_261_121);

const json = (body: unknown): Buffer => {
  const text = JSON.stringify(body);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
};

const streams: readonly Buffer[] = corpus().map((trap) => Buffer.concat(trap.reads));
const bodies: readonly Buffer[] = [
  json({ choices: [{ message: { content: "a" }, text: "a" }], usage: { completion_tokens: 1 } }),
  json({ output: [{ type: "message", content: [{ text: "a" }] }], usage: { output_tokens: 1 } }),
  json({ type: "message", content: [{ type: "tool_use", name: "f", input: { a: [1] } }] }),
  json({ jsonrpc: "2.0", id: 1, result: { content: [], isError: true } }),
];

describe(`mutations of answers, seed ${seed}`, () => {
  it.each(Object.keys(readers))(
    "%s: any bytes have one end, the same however they are cut, and throw nothing",
    (name) => {
      const make = readers[name];
      if (make === undefined) throw new Error(name);
      const random = seededRandom(seed);
      const outcomes = new Set<string>();
      for (let i = 0; i < cases; i++) {
        const of = i % 2 === 0 ? streams : bodies;
        const bytes = mutate(of[(i >> 1) % of.length] ?? Buffer.alloc(0), random);
        try {
          outcomes.add(checkAnswer(make, bytes, random));
        } catch (cause) {
          throw new Error(`case ${i}: ${JSON.stringify(bytes.toString("latin1"))}`, { cause });
        }
      }
      // The mutations reach good and bad ends alike.
      expect(outcomes).toContain("protocol");
      expect(outcomes).toContain("ok");
      expect(outcomes).not.toContain("open");
    },
  );
});
