import {
  canonicalJson,
  makeStatements,
  type ReportModel,
  statementNames,
  targetBytes,
} from "@loadline/contract";
import { sha256 } from "../evidence/sha256.ts";
import type { Reporter } from "../run/types.ts";

/** One statement a line, unsigned; `attestations/` holds those somebody signed. */
function renderStatements(model: ReportModel): string {
  const made = makeStatements(model.verdict, sha256(targetBytes(model.verdict)));
  return statementNames.map((name) => `${canonicalJson(made[name])}\n`).join("");
}

export const intotoReporter: Reporter = {
  id: "intoto",
  file: "statements.intoto.jsonl",
  render: renderStatements,
};
