import { canonicalJson } from "@loadline/contract";
import type { Reporter } from "../run/types.ts";

/** The whole report model as one JSON document; `verdict.json` is the part pipelines read. */
export const jsonReporter: Reporter = {
  id: "json",
  file: "report.json",
  render: (model) => `${canonicalJson(model)}\n`,
};
