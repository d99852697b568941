import cluster from "node:cluster";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { eventually, removeFolder } from "@loadline/testkit";
import { expect, it } from "vitest";
import { sampleIn } from "../../test/answers.ts";
import { temporaryDir } from "../../test/harness.ts";
import { loadConfig, openGateway } from "../index.ts";
import { latencySlo, sloText } from "./slo-bounds.fixture.ts";
import { durationName } from "./telemetry.ts";

const clock = systemClock();
const waitMs = 30_000;

it("a worker in another's place counts by the objectives that all began with, whatever the file says by now", async () => {
  const stateDir = temporaryDir();
  const slos = join(stateDir, "slos.json");
  const write = (under: string): void =>
    writeFileSync(slos, sloText(latencySlo("a.b", under, durationName)));
  write("750ms");
  const settings = {
    stateDir,
    workers: 2,
    listen: { port: 0 },
    http: { distribution: "round-robin" },
    drain: { accept: 0, grace: 0 },
    telemetry: { overloadAfter: 0, slos },
    targets: { s: { provider: "simulator" } },
    routes: { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } },
  };
  const config = loadConfig(undefined, {}, settings);
  const deps = { clock, random: systemRandom(), log: () => undefined };
  const gateway = await openGateway(config, deps);
  const { url } = await gateway.start();
  const headers = { authorization: `Bearer ${gateway.firstKey?.secret ?? ""}` };
  const boundsOf = (text: string): string[] =>
    ["0.75", "0.9"].filter((le) =>
      text.includes(`${durationName}_bucket{route="sim",stream="false",le="${le}"}`),
    );
  let text = "";
  const isReplaced = async (): Promise<boolean> => {
    // A connection to the worker that was killed breaks.
    text = await fetch(`${url}/metrics`, { headers }).then(
      (answer) => answer.text(),
      () => "",
    );
    const [restarts, serving] = ["loadline_worker_restarts_total", "loadline_workers"];
    return sampleIn(text, restarts) === 1 && sampleIn(text, serving) === 2;
  };
  write("900ms");
  const [worker] = Object.values(cluster.workers ?? {});
  worker?.process.kill("SIGKILL");
  await eventually(clock, isReplaced, waitMs);
  expect(boundsOf(text)).toEqual(["0.75"]);
  await gateway.close({ graceMs: 0 });
  removeFolder(stateDir);
});
