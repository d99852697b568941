/**
 * Memory of the command as a user installs it: built, started by its own flags, with every limit, its
 * store and its logs, and no model. Resident size before the first request and after each load of 64
 * connections that never pause. `node bench/gateway/memory.ts [starts] [requests]`; `npm run build`
 * comes first.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@loadline/kit/clock";
import { isRecord, parseJson } from "@loadline/kit/json";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { numbersGiven, tell } from "../result.ts";
import { drive } from "./drive.ts";
import { benchSettings } from "./settings.ts";
import { median, round } from "../figures.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  nodeFlags,
  pin,
  start,
  stop,
  type Subject,
} from "./subject.ts";

const [starts = 5, requests = 60_000] = numbersGiven(process.argv);
const command = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));
const startMsMax = 20_000;
/** What a start needs only for a moment has ended by then. */
const restMs = 6000;
const clock = systemClock();

/** Bytes of a process: all that is resident, and of it what is no file's. */
interface Resident {
  readonly all: number;
  /** Without the pages of Node's own file, of which the kernel maps more where it caches more. */
  readonly own: number;
}

function residentBytes(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN) * 1024;
  return { all: bytes("VmRSS"), own: bytes("RssAnon") };
}

/** One start of the command: its resident size at rest and after each of two loads. */
async function measure(upstream: Subject): Promise<readonly Resident[]> {
  const folder = mkdtempSync(join(tmpdir(), "ll-memory-"));
  const config = join(folder, "loadline.yaml");
  const base = `http://127.0.0.1:${upstream.port}`;
  const settings = { ...benchSettings(base, join(folder, "state")), ...allLimits };
  writeFileSync(config, JSON.stringify(settings));
  const child = spawn(process.execPath, [command, "serve", "--config", config]);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    let said = "";
    const url = (): string | undefined => /^serving (http\S+)/m.exec(said)?.[1];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        if (url() === undefined) said += chunk.toString();
      });
    await eventually(clock, () => url() !== undefined, startMsMax);
    const asked = ["keys", "create", "--name", "bench", "--config", config, "--json"];
    const made = parseJson(
      execFileSync(process.execPath, [command, ...asked], { encoding: "utf8" }),
    );
    if (!isRecord(made)) throw new Error("no key was made");
    const key = String(made["secret"]);
    const { pid = 0 } = child;
    pin(pid, measuredCore);
    const port = Number(new URL(url() ?? "").port);
    const subject: Subject = { name: "gateway", child, port, key };
    await clock.sleep(restMs);
    const bytes = [residentBytes(pid)];
    for (let load = 0; load < 2; load++) {
      await drive(subject, requests);
      bytes.push(residentBytes(pid));
    }
    return bytes;
  } finally {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

if (!existsSync(command)) throw new Error(`${command} is not there: run \`npm run build\``);
pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const all: (readonly Resident[])[] = [];
for (let n = 0; n < starts; n++) all.push(await measure(upstream));
stop(upstream);
const rows = ["at rest", "after one load", "after two"].map((when, at) => {
  const megabytes = all.map((one) => (one[at]?.all ?? Number.NaN) / 1e6);
  const own = all.map((one) => (one[at]?.own ?? Number.NaN) / 1e6);
  return {
    when,
    medianMegabytes: round(median(megabytes)),
    medianOwnMegabytes: round(median(own)),
    leastMegabytes: round(Math.min(...megabytes)),
    mostMegabytes: round(Math.max(...megabytes)),
  };
});
const method = { starts, requestsPerLoad: requests, connections: 64, flags: nodeFlags };
const goals = [{ row: "after two", figure: "medianMegabytes", atMost: 120 }];
tell({ bench: "gateway-memory", goals, method, rows }, process.argv);
