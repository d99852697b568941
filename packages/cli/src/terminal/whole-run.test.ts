import { rmSync } from "node:fs";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulator, type Simulator } from "../../../testkit/src/simulator/index.ts";
import { emptyDir } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

interface Mode {
  readonly isTty?: boolean;
  readonly columns?: number;
  readonly env?: Record<string, string>;
}

const escapes = /\u001b\[[0-9;]*[A-Za-z]/g;
const plain = (text: string): string => text.replaceAll(escapes, "");
/** Without what differs from run to run: its name and what it measured. */
const same = (text: string): string =>
  plain(text)
    .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]+/g, "RUN")
    .replaceAll(/window of [^:]+:/g, "window:");

describe("one stage from its first word to its card", () => {
  const cwd = emptyDir();
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ clock: systemClock() });
  });
  afterAll(async () => {
    await simulator.close();
    rmSync(cwd, { recursive: true, force: true });
  });

  function probe(mode: Mode): Promise<Ended> {
    const target = simulator.baseUrl.slice(0, -"/v1".length);
    return runLine(`probe --target ${target}`, { cwd, clock: systemClock(), ...mode });
  }

  it.each([40, 80, 200])(
    "in a terminal of %i columns no line is wider, and the card comes last and alone on standard output",
    async (columns) => {
      const { out, err, exit } = await probe({ isTty: true, columns });
      expect(exit).toBe(2);
      expect(out).toMatch(/^\u001b\[33mNOT_PROVEN\u001b\[0m/);
      for (const line of plain(`${err}${out}`).split("\n")) {
        // The announced plan is one line of its own; a command is never cut.
        if (!/^(plan:|again|verify| {12}(--|http))/.test(line)) {
          expect(line.length, line).toBeLessThanOrEqual(columns);
        }
      }
      expect(out).not.toContain("stage");
      expect(out.replaceAll(/\u001b\[\d+m/g, "")).not.toContain("\u001b");
    },
  );

  it("colour taken away, a terminal's card is that of a pipe, of NO_COLOR and of a dumb one", async () => {
    const piped = await probe({});
    const coloured = await probe({ isTty: true, columns: 80 });
    const quiet = await probe({ isTty: true, columns: 80, env: { NO_COLOR: "1" } });
    const dumb = await probe({ isTty: true, columns: 80, env: { TERM: "dumb" } });
    for (const { out } of [piped, quiet, dumb]) expect(out).not.toContain("\u001b");
    expect(coloured.out).toContain("\u001b");
    for (const { out } of [coloured, quiet, dumb]) expect(same(out)).toBe(same(piped.out));
  });

  it("where nothing can be drawn over, each step is one line of key=value, without a control character", async () => {
    for (const mode of [{}, { isTty: true, env: { TERM: "dumb" } }]) {
      const { err } = await probe(mode);
      expect(err).not.toContain("\u001b");
      const steps = err.split("\n").filter((line) => line.includes("stage=probe"));
      expect(steps[0]).toMatch(/^\d\d:\d\d:\d\dZ stage=probe state=waiting done=0 total=1$/);
      expect(steps.at(-1)).toMatch(/ stage=probe state=done /);
    }
  });
});
