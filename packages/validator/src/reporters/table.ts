import type { Reporter } from "../run/types.ts";
import { jsonReporter } from "./json.ts";
import { junitReporter } from "./junit.ts";
import { markdownReporter } from "./markdown.ts";

/** The reporters of this package; the HTML one comes from the console. */
export const textReporters: readonly Reporter[] = [jsonReporter, markdownReporter, junitReporter];
