import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { canonicalJson, planFileText, recordLine } from "@loadline/contract";
import {
  encode,
  makeBundle,
  makeClaim,
  sealBundle,
  startRun,
  type TestBundle,
} from "../../contract/test/support.ts";

/** A folder of its own below the system's temporary one. */
export const emptyDir = (): string => mkdtempSync(join(tmpdir(), "loadline-cli-"));

/** Writes the files of a bundle into `dir`, and answers with `dir`. */
export function storeFiles(dir: string, files: ReadonlyMap<string, Uint8Array>): string {
  for (const [name, bytes] of files) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return dir;
}

/** A sealed run whose only claim, `http.up`, did not hold: NOT_READY. */
export function failedBundle(): TestBundle {
  const run = startRun([makeClaim({ id: "http.up", kind: "predicate" })]);
  run.observe("http.up", false);
  run.close();
  run.end();
  const files = new Map([
    ["evidence.jsonl", encode(run.records.map(recordLine).join(""))],
    ["plan.json", encode(planFileText(run.plan))],
    ["verdict.json", encode(`${canonicalJson(run.fold())}\n`)],
  ]);
  sealBundle(files, run);
  return { files, run };
}

/** Names as runs give them, oldest first. */
export const runNamed = (minute: number): string =>
  `20261121T10${String(minute).padStart(2, "0")}00Z-ab12`;

/** A folder with the state directory of two runs: the older NOT_READY, the newer READY. */
export function folderWithRuns(): string {
  const cwd = emptyDir();
  const runs = join(cwd, ".loadline", "runs");
  storeFiles(join(runs, runNamed(1)), failedBundle().files);
  storeFiles(join(runs, runNamed(2)), makeBundle().files);
  return cwd;
}

/** Writes `NAME.pem` and `NAME.pub.pem` of a new Ed25519 pair. */
export function storeKeyPair(dir: string, name: string): void {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const file = (suffix: string): string => join(dir, `${name}${suffix}`);
  writeFileSync(file(".pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(file(".pub.pem"), publicKey.export({ type: "spki", format: "pem" }));
}
