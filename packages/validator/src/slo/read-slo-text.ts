import {
  type ImportOptions,
  importMarks,
  importSlos,
  openSloVersion,
  type Problem,
  readOpenSlo,
  readSloDocument,
  type SloDocument,
  type SloResult,
} from "@loadline/contract";
import { type Document, LineCounter, parseAllDocuments } from "yaml";
import { lineOf, type PlanProblem } from "../plan/yaml-problems.ts";

/** The forms a file of objectives has: our own, OpenSLO v1, or definitions as people write them. */
export type SloForm = "loadline" | "openslo" | "definitions";

export type SloTextResult =
  | { readonly ok: true; readonly document: SloDocument; readonly form: SloForm }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/** Aliases that multiply are cut off here. */
const aliasesMax = 100;

/** Reads a file of objectives in any of its forms: all problems at once, each with its line. */
export function readSloText(text: string, options: ImportOptions): SloTextResult {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true });
  const documents = Array.isArray(parsed) ? parsed : [];
  const broken = documents.flatMap(({ errors }) => errors);
  if (broken.length > 0) {
    const problems = broken.map((error) => ({
      code: "LL_SLO_SHAPE",
      path: "",
      message: error.message.split("\n")[0] ?? error.code,
      line: error.linePos?.[0].line ?? 1,
    }));
    return { ok: false, problems };
  }
  const values = documents.map(plainValue);
  const failed = values.find((value) => value instanceof Error);
  if (failed instanceof Error) {
    return {
      ok: false,
      problems: [{ code: "LL_SLO_SHAPE", path: "", message: failed.message, line: 1 }],
    };
  }
  const form = formOf(values[0]);
  const result = resultOf(form, values, options);
  if (result.ok) return { ok: true, document: result.document, form };
  const problems = result.problems.map((one) => ({
    ...one,
    line: lineOfProblem(one, documents, lines),
  }));
  return { ok: false, problems };
}

function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}

function formOf(value: unknown): SloForm {
  if (typeof value !== "object" || value === null) return "loadline";
  if (
    "apiVersion" in value &&
    String(value.apiVersion).startsWith(openSloVersion.split("/")[0] ?? "")
  ) {
    return "openslo";
  }
  return importMarks.some((key) => key in value) ? "definitions" : "loadline";
}

function resultOf(form: SloForm, values: readonly unknown[], options: ImportOptions): SloResult {
  if (form === "openslo") return readOpenSlo(values);
  if (values.length > 1) {
    const message = "expected one document; only OpenSLO has several";
    return { ok: false, problems: [{ code: "LL_SLO_SHAPE", path: "", message }] };
  }
  return form === "definitions" ? importSlos(values[0], options) : readSloDocument(values[0]);
}

/** `[1].spec.objectives[0].target`: the first number is a document where there are several. */
function lineOfProblem(
  { path }: Problem,
  documents: readonly Document[],
  lines: LineCounter,
): number {
  const parts = path.split(/[.[\]]+/).filter((part) => part !== "");
  const index = documents.length > 1 ? Number(parts.shift() ?? 0) : 0;
  const document = documents[index];
  if (document === undefined) return 1;
  // A path that is only the document's number is its first line.
  if (parts.length === 0) return lines.linePos(document.range?.[0] ?? 0).line;
  return lineOf(document, lines, parts);
}
