import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandLines } from "./command-lines.ts";

const example = "loadline validate --target http://127.0.0.1:8080 --api-key-env LOADLINE_API_KEY";

/** What a shell makes of the text: one argument a line, each ended by NUL. */
const readByShell = (text: string): string[] =>
  execFileSync("sh", ["-c", `printf '%s\\0' ${text}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);

describe("a command to copy", () => {
  it("that fits is one line", () => {
    expect(commandLines(["loadline", "up", "--once"], 68)).toEqual(["loadline up --once"]);
  });

  it("that does not fit goes on in the next line, nothing of it is left out", () => {
    expect(commandLines(example.split(" "), 68)).toEqual([
      "loadline validate --target http://127.0.0.1:8080 --api-key-env \\",
      "LOADLINE_API_KEY",
    ]);
  });

  it("a line ends before the last column or holds one word alone", () => {
    const words = fc.array(fc.stringMatching(/^[a-z' ]{1,30}$/), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(words, fc.integer({ min: 28, max: 68 }), (argv, columns) => {
        for (const line of commandLines(argv, columns)) {
          const own = line.replace(/ \\$/, "");
          const isWord = argv.some((word) => commandLines([word], columns)[0] === own);
          expect(line.length <= columns || isWord).toBe(true);
        }
      }),
    );
  });

  it("a shell reads back exactly the words that were given", () => {
    const word = fc.stringMatching(/^[ !-#%-~]{0,40}$/).filter((text) => !/ {2}/.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (argv) => {
        expect(readByShell(commandLines(argv, 40).join("\n            "))).toEqual(argv);
      }),
      { numRuns: 40 },
    );
  });
});
