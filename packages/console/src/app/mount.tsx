import type { ReportModel } from "@loadline/contract";
import { render } from "preact";
import { unpackFindings, unpackRecords, type PackedModel } from "../model/packing.ts";
import { ConsoleError } from "../errors.ts";
import { ReportApp } from "./report-app.tsx";

/** The newest report shape this page reads. */
const schema = "loadline-report/v1";

/** Replaces the static first screen by the page; leaves it when the data is not readable. */
export function mountReport(document: Document): void {
  const place = document.getElementById("app");
  const data = document.getElementById("model")?.textContent;
  if (place === null || data === null || data === undefined) return;
  const packed = JSON.parse(data) as PackedModel;
  if (packed.schema !== schema) {
    const line = document.createElement("p");
    line.textContent = new ConsoleError("LL_CONSOLE_SCHEMA", packed).line;
    place.prepend(line);
    return;
  }
  const { left, ...rest } = packed;
  const records = unpackRecords(packed.records);
  const findings = unpackFindings(packed.findings, records);
  const model: ReportModel = { ...rest, records, findings };
  place.replaceChildren();
  render(<ReportApp model={model} left={left} />, place);
}
