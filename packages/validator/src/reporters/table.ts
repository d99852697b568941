import type { Reporter } from "../run/types.ts";
import { ctrfReporter } from "./ctrf.ts";
import { intotoReporter } from "./intoto.ts";
import { jsonReporter } from "./json.ts";
import { junitReporter } from "./junit.ts";
import { markdownReporter } from "./markdown.ts";
import { sarifGithubReporter, sarifReporter } from "./sarif.ts";

/** The reporters of this package; the HTML one comes from the console. */
export const textReporters: readonly Reporter[] = [
  jsonReporter,
  markdownReporter,
  junitReporter,
  sarifReporter,
  sarifGithubReporter,
  ctrfReporter,
  intotoReporter,
];
