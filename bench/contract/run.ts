/**
 * CPU of verifying a bundle of 100,000 records, as a ratio to hashing the same bytes with the same
 * function: rounds interleaved in one run, medians. `npm run bench -- contract`. What has to be
 * hashed is every file once and every record once; one pass over the files alone is the second
 * ratio. Other work of the machine slows both sides alike.
 */
import { verifyBundle } from "@loadline/contract";
import { numbersGiven, tell } from "../result.ts";
import { median } from "../figures.ts";
import { makeBundle, sha256 } from "./bundle.ts";

const [records = 100_000, rounds = 7] = numbersGiven(process.argv);
const ratioMax = 5;
const lineFeed = 10;

const files = makeBundle(records);
const evidence = files.get("evidence.jsonl") ?? new Uint8Array();

function hashFiles(): void {
  for (const bytes of files.values()) sha256(bytes);
}

function hashRecords(): void {
  for (let from = 0; from < evidence.length;) {
    const to = evidence.indexOf(lineFeed, from);
    sha256(evidence.subarray(from, to));
    from = to + 1;
  }
}

async function verify(): Promise<void> {
  const { exit } = await verifyBundle(files, { digest: sha256 });
  if (exit !== 0) throw new Error(`verify ended with ${exit}`);
}

/** ms of CPU of this thread. */
async function cost(side: () => void | Promise<void>): Promise<number> {
  const before = process.threadCpuUsage();
  await side();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

const sides = { hashFiles, hashRecords, verify };
const costs: Record<keyof typeof sides, number[]> = { hashFiles: [], hashRecords: [], verify: [] };
const names = ["hashFiles", "hashRecords", "verify"] as const;
// Cold code costs several times more: one round is thrown away.
for (const name of names) await cost(sides[name]);
for (let round = 0; round < rounds; round++) {
  for (const name of names) costs[name].push(await cost(sides[name]));
}
const [once, perRecord, whole] = names.map((name) => median(costs[name])) as [
  number,
  number,
  number,
];
const round2 = (value: number): number => Math.round(value * 100) / 100;
const ratioToHashing = round2(whole / (once + perRecord));
const row = {
  records,
  bytes: evidence.length,
  ratioToHashing,
  ratioToOnePass: round2(whole / once),
};
const goals = [{ row: records, figure: "ratioToHashing", atMost: ratioMax }];
tell({ bench: "contract-verify", goals, rounds, rows: [row] }, process.argv);
if (process.argv.includes("--figures")) process.stdout.write(`${JSON.stringify(costs)}\n`);
if (ratioToHashing > ratioMax) process.exitCode = 1;
