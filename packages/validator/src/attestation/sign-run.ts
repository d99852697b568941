import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Approval,
  canonicalJson,
  makeApproval,
  makeEnvelope,
  makeStatements,
  type Signer,
  type Statement,
  statementBytes,
  statementNames,
  targetBytes,
  type VerdictDocument,
} from "@loadline/contract";
import { writeWhole } from "../evidence/run-directory.ts";
import { sha256 } from "../evidence/sha256.ts";

const fileNames = { readiness: "readiness", testResult: "test-result", svr: "svr" } as const;

function writeEnvelope(
  runDir: string,
  name: string,
  statement: Statement,
  signers: readonly Signer[],
): string {
  const folder = join(runDir, "attestations");
  if (!existsSync(folder)) mkdirSync(folder);
  const file = `${name}.dsse.json`;
  const envelope = makeEnvelope(statementBytes(statement), signers);
  writeWhole(folder, file, `${canonicalJson(envelope)}\n`);
  return `attestations/${file}`;
}

/** Signs the three statements about a closed run; each envelope carries every signer. */
export function signRun(
  runDir: string,
  verdict: VerdictDocument,
  signers: readonly Signer[],
): readonly string[] {
  if (signers.length === 0) return [];
  const made = makeStatements(verdict, sha256(targetBytes(verdict)));
  return statementNames.map((name) => writeEnvelope(runDir, fileNames[name], made[name], signers));
}

/** Writes the signed sign-off record; several people may each add theirs. */
export function signApproval(
  runDir: string,
  verdict: VerdictDocument,
  o: { approval: Approval; signers: readonly Signer[] },
): string {
  const statement = makeApproval(verdict, sha256(targetBytes(verdict)), o.approval);
  const time = o.approval.at.replace(/[-:]/g, "").replace(/\.\d+/, "");
  const name = `approval-${time}-${sha256(statementBytes(statement)).slice(0, 8)}`;
  return writeEnvelope(runDir, name, statement, o.signers);
}
