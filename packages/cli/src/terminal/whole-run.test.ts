import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readVerdict } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulator, type Simulator } from "../../../testkit/src/simulator/index.ts";
import { emptyDir } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";
import { verdictCard } from "./card.ts";
import { createPaint } from "./colour.ts";

interface Mode {
  readonly isTty?: boolean;
  readonly columns?: number;
  readonly env?: Record<string, string>;
}

const escapes = /\u001b\[[0-9;]*[A-Za-z]/g;
const plain = (text: string): string => text.replaceAll(escapes, "");
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

  const targetOf = (): string => simulator.baseUrl.slice(0, -"/v1".length);

  function probe(mode: Mode): Promise<Ended> {
    return runLine(`probe --target ${targetOf()}`, { cwd, clock: systemClock(), ...mode });
  }

  it.each([40, 80, 200])(
    "in a terminal of %i columns no line is wider, and the card comes last and alone on standard output",
    async (columns) => {
      const { out, err } = await probe({ isTty: true, columns });
      expect(out).toMatch(/^\u001b\[3[13]mNOT_(?:PROVEN|READY)\u001b\[0m/);
      for (const line of plain(`${err}${out}`).split("\n")) {
        // The announced plan is one line of its own; a command is never cut.
        if (!/^(plan:|again|verify| {12}(--|http))/.test(line)) {
          expect(line.length, line).toBeLessThanOrEqual(columns);
        }
      }
      expect(out).not.toContain("stage");
      expect(out.replaceAll(/\u001b\[[\d;]+m/g, "")).not.toContain("\u001b");
    },
  );

  it.each<[string, Mode]>([
    ["a pipe", {}],
    ["a terminal of 80 columns", { isTty: true, columns: 80 }],
    ["one with NO_COLOR", { isTty: true, columns: 80, env: { NO_COLOR: "1" } }],
    ["a dumb one", { isTty: true, columns: 80, env: { TERM: "dumb" } }],
  ])("in %s the card, colour taken away, is that of the run's own verdict", async (name, mode) => {
    const { out } = await probe(mode);
    expect(out.includes("\u001b")).toBe(name === "a terminal of 80 columns");
    const near = /report +(\S+)\/report\.html/.exec(out)?.[1] ?? "";
    const verdict = readVerdict(JSON.parse(readFileSync(join(cwd, near, "verdict.json"), "utf8")));
    if (verdict === null) throw new Error("the run left no verdict");
    const again = ["loadline", "probe", "--target", targetOf()];
    const paint = createPaint(false);
    expect(plain(out)).toBe(
      verdictCard(verdict, { columns: 80, paint, runDir: near, report: "report.html", again }),
    );
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
