import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulator, type Simulator } from "../../testkit/src/simulator/index.ts";
import { emptyDir, failedBundle, folderWithRuns, runNamed, storeFiles } from "../test/bundles.ts";
import { runLine, wordsOf } from "../test/run-line.ts";
import { verbs } from "./verbs/table.ts";

const apiKey = "ll_local_example";
const local = "http://127.0.0.1:8080";

/** Serves, sends for longer than a unit may take, or asks a gateway with a model; test/e2e and test/integration run these. */
const elsewhere = ["up", "serve", "validate", "load", "models"];

let cwd = "";
/** Of another run: what the lint reads is a report with claims that have an interval or need none. */
let linted = "";
let simulator: Simulator;
beforeAll(async () => {
  cwd = folderWithRuns();
  linted = emptyDir();
  const run = storeFiles(join(linted, ".loadline/runs", runNamed(1)), failedBundle().files);
  await runLine(`report ${run} --format md`, { cwd: linted });
  // What `doctor` reads is there before it.
  writeFileSync(join(cwd, "loadline.yaml"), "profile: development\n");
  // A store, as `up` leaves it behind.
  await runLine("keys create --name example", { cwd });
  simulator = await startSimulator({ clock: systemClock(), apiKey });
});
afterAll(async () => {
  await simulator.close();
  rmSync(cwd, { recursive: true, force: true });
});

/** The example of a verb as it stands in the help, sent to the simulator where it sends. */
const lineOf = (example: string): string =>
  example.replace(/^loadline /, "").replaceAll(local, simulator.baseUrl.slice(0, -"/v1".length));

/** A probe leaves a run that is not READY, and would be the latest for the others. */
function folderOf(name: string): string {
  if (name === "probe") return emptyDir();
  return name === "lint" ? linted : cwd;
}

describe("the example in the help", () => {
  const here = verbs.filter(({ name }) => !elsewhere.includes(name));

  it.each(here.map(({ name }) => name))("of %s runs as it is written", async (name) => {
    const verb = verbs.find((one) => one.name === name);
    if (verb?.before !== undefined) execFileSync("sh", ["-c", verb.before], { cwd });
    const ended = await runLine(lineOf(verb?.example ?? ""), {
      cwd: folderOf(name),
      env: { LOADLINE_API_KEY: apiKey, PATH: process.env["PATH"] ?? "" },
      clock: systemClock(),
    });
    expect(ended.err).not.toMatch(/LL_[A-Z]/);
    // One stage alone leaves the claims of the others not tested.
    expect(ended.exit).toBe(name === "probe" ? 2 : 0);
    expect(ended.out).not.toBe("");
  });

  it.each(elsewhere)("of %s names options that the verb has", async (name) => {
    const verb = verbs.find((one) => one.name === name);
    const words = wordsOf(verb?.example ?? "");
    const known = verb?.options.map((option) => `--${option.name}`) ?? [];
    for (const word of words.filter((one) => one.startsWith("--"))) expect(known).toContain(word);
    expect(words.slice(0, 2)).toEqual(["loadline", name]);
  });

  it("leaves nothing in the folder but the state directory and what it says it makes", () => {
    const made = readdirSync(cwd).filter((name) => name !== ".loadline");
    expect(made.sort()).toEqual(["loadline.yaml", "me.pem", "outcomes.jsonl"]);
  });
});
