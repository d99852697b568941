/**
 * Whether an answer's time tells that a key exists: an unknown key against a known one with a wrong
 * secret, in 20,000 interleaved pairs over one connection to a gateway in a process of its own. Alike
 * means that the interval of the shift lies inside 5 % of the time a refusal takes. The same
 * comparison with a key that is refused before any look-up has to show a shift, else the measure is
 * blind. `node bench/key-timing/run.ts [pairs]`; ends with 1 when they are not alike.
 */
import { Agent, request } from "node:http";
import { join } from "node:path";
import { hodgesLehmann } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import {
  drawKey,
  formatKey,
  parseKey,
} from "../../packages/gateway/src/identity/keys/key-format.ts";
import { openSqliteStore } from "../../packages/gateway/src/state/sqlite/open.ts";
import { startGatewayProcess } from "../../test/integration/gateway-process.ts";
import { numbersGiven } from "../result.ts";
import { median } from "../figures.ts";

const [pairs = 20_000] = numbersGiven(process.argv);
const warmPairs = 1000;
const otherKeys = 20;
/** Differences compared; each is that of the medians of so many pairs. */
const differencesMax = 2000;
const insideShare = 0.05;
const confidence = 0.975;

const random = systemRandom();
const stateDir = makeScratchFolder("ll-timing-").path;
const config = {
  stateDir,
  listen: { port: 0 },
  log: { level: "silent" },
  targets: { s: { provider: "simulator", tokens: 1, latency: 0 } },
  routes: { r: { models: ["m"], groups: [{ targets: ["s"] }] } },
  // The limiter of failures per address would answer instead.
  addressLimit: { failuresPerMinute: 100_000 },
};
const first = await startGatewayProcess(config);
await first.stop();
const known = parseKey(first.key);
if (!known) throw new Error("the gateway gave no key");
{
  // The first key of the table is not the one asked for.
  await using store = openSqliteStore(join(stateDir, "loadline.db"), systemClock());
  const { keys } = store.repositories;
  const row = await keys.find(known.id);
  for (let i = 0; row && i < otherKeys; i++)
    await keys.insert({ ...row, id: drawKey(known.env, random).id, name: `other ${i}` });
}
await using gateway = await startGatewayProcess(config);

/** An id that nobody has. */
const unknown = (): string => formatKey(drawKey(known.env, random));
/** The id of a key that is there, with another secret each time. */
const wrong = (): string => formatKey({ ...drawKey(known.env, random), id: known.id });
/** Refused by its own checksum, before anything is looked up: the saboteur's early return. */
const malformed = (): string => `${unknown().slice(0, -6)}000000`;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Microseconds until the refusal of a key is complete. */
function refusalUs(key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const startNs = process.hrtime.bigint();
    const headers = { authorization: `Bearer ${key}` };
    const asked = request(`${gateway.url}/v1/models`, { agent, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => {
        if (answer.statusCode === 401) resolve(Number(process.hrtime.bigint() - startNs) / 1000);
        else reject(new Error(`status ${answer.statusCode}`));
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** Times of both, drawn in turn; which comes first is drawn too. */
async function pairsOf(one: () => string, other: () => string, count: number) {
  const ones: number[] = [];
  const others: number[] = [];
  for (let i = 0; i < count; i++) {
    const isFirst = random.unit() < 0.5;
    if (isFirst) ones.push(await refusalUs(one()));
    others.push(await refusalUs(other()));
    if (!isFirst) ones.push(await refusalUs(one()));
  }
  return { ones, others };
}

/** The shift of `one` against `other`, as a share of the time that `other` takes. */
async function compare(one: () => string, other: () => string, count: number) {
  const { ones, others } = await pairsOf(one, other, count);
  const size = Math.max(1, Math.ceil(count / differencesMax));
  const differences: number[] = [];
  for (let at = 0; at < count; at += size)
    differences.push(median(ones.slice(at, at + size)) - median(others.slice(at, at + size)));
  const typicalUs = median(others);
  const interval = hodgesLehmann(differences, confidence);
  const share = (us: number | null | undefined): number => (us ?? Number.NaN) / typicalUs;
  return {
    pairs: count,
    typicalUs: Math.round(typicalUs),
    shift: share(interval?.shift),
    lower: share(interval?.lower),
    upper: share(interval?.upper),
  };
}

await pairsOf(unknown, wrong, warmPairs);
const alike = await compare(unknown, wrong, pairs);
const control = await compare(malformed, wrong, Math.ceil(pairs / 10));
const isAlike = alike.lower > -insideShare && alike.upper < insideShare;
const isBlind = control.upper > -insideShare;
agent.destroy();
process.stdout.write(
  `${JSON.stringify({ bench: "key-timing", insideShare, confidence, alike, control, isAlike, isBlind }, null, 2)}\n`,
);
process.exitCode = isAlike && !isBlind ? 0 : 1;
