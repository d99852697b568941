import { partsEnvironment } from "./environment.ts";
import { type Found, type Part, type PartsEnvironment, isFound } from "./part.ts";
import { parts as everyPart, probePart } from "./table.ts";

export interface RequiredParts {
  /** True when at least one part is missing: the suite is skipped by `describe.skipIf(missing)`. */
  readonly missing: boolean;
  /** The part that was found; throws for one that was not asked for or is missing. */
  found(id: string): Found;
}

export interface RequireOptions {
  /** Checklist rows that stay open without the parts, for the printed line. */
  readonly rows?: readonly string[];
  readonly environment?: PartsEnvironment;
  readonly table?: readonly Part[];
  readonly print?: (line: string) => void;
}

/**
 * Probes the parts a suite needs. A missing one prints `NOT TESTED: <id> (<why>)`, or throws when
 * `LOADLINE_REQUIRE_PARTS` names it, so that a gap is never silent.
 *
 * ```ts
 * const parts = await requireParts(["chromium"]);
 * describe.skipIf(parts.missing)("the report in Chromium", () => { ... parts.found("chromium").path });
 * ```
 */
export async function requireParts(
  ids: readonly string[],
  o: RequireOptions = {},
): Promise<RequiredParts> {
  const environment = o.environment ?? partsEnvironment(process.env);
  const print = o.print ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const found = new Map<string, Found>();
  let missing = false;
  for (const id of ids) {
    const part = (o.table ?? everyPart).find((row) => row.id === id);
    if (part === undefined) throw new Error(`no part is called ${id}`);
    const answer = await probePart(part, environment);
    if (isFound(answer)) {
      found.set(id, answer);
      continue;
    }
    const line = notTested(id, `${answer.reason}; get it: ${part.get}`, o.rows ?? []);
    if (environment.required.has(id)) throw new Error(`LOADLINE_REQUIRE_PARTS: ${line}`);
    print(line);
    missing = true;
  }
  return {
    missing,
    found(id) {
      const part = found.get(id);
      if (part === undefined) throw new Error(`the part ${id} was not found`);
      return part;
    },
  };
}

const notTested = (what: string, why: string, rows: readonly string[]): string =>
  `NOT TESTED: ${what} (${why})${rows.length === 0 ? "" : ` rows=${rows.join(",")}`}`;
