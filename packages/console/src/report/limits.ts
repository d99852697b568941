import type { ReportModel } from "@loadline/contract";
import { shownCharsMax } from "../model/visible-text.ts";

const recordsMax = 5000;
const findingsMax = 2000;
/** The plan is the reader's own text, so it may be longer than what a target says. */
const planCharsMax = 65_536;
/** Room for the note that says how much was cut, so that a cut text still fits the cap. */
const noteCharsMax = 64;

/** A model within the report's caps, and how much was left out of it. */
export interface CappedModel {
  readonly model: ReportModel;
  readonly left: { readonly records: number; readonly findings: number; readonly texts: number };
}

/** Cuts records, findings and long texts to the report's caps; what is cut is counted. */
export function capModel(model: ReportModel): CappedModel {
  const cuts = { texts: 0 };
  const shortened = capTexts(
    {
      ...model,
      plan: { ...model.plan, text: "" },
      records: model.records.slice(0, recordsMax),
      findings: model.findings.slice(0, findingsMax),
    },
    cuts,
  ) as ReportModel;
  return {
    model: {
      ...shortened,
      plan: { ...shortened.plan, text: capText(model.plan.text, planCharsMax, cuts) },
    },
    left: {
      records: Math.max(0, model.recordCount - Math.min(model.records.length, recordsMax)),
      findings: Math.max(0, model.findings.length - findingsMax),
      texts: cuts.texts,
    },
  };
}

function capText(text: string, charsMax: number, cuts: { texts: number }): string {
  if (text.length <= charsMax) return text;
  cuts.texts += 1;
  const kept = charsMax - noteCharsMax;
  return `${text.slice(0, kept)}\u2026 [${text.length - kept} more characters]`;
}

/** Same shape with every long string cut; the walk is as deep as the model, which is bounded. */
function capTexts(value: unknown, cuts: { texts: number }): unknown {
  if (typeof value === "string") return capText(value, shownCharsMax, cuts);
  if (Array.isArray(value)) return value.map((item) => capTexts(item, cuts));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      capText(key, shownCharsMax, cuts),
      capTexts(item, cuts),
    ]),
  );
}
