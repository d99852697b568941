import { z } from "zod";
import { loadGuards } from "../../packages/validator/src/load/guards/index.ts";
import { roundsGuard } from "../../packages/validator/src/load/guards/rounds.ts";
import { hostGuard } from "../../packages/validator/src/probes/host-guard.ts";
import { loadBlockSchema } from "../../packages/validator/src/load/plan/load-schema.ts";
import { scenarioSchema } from "../../packages/validator/src/load/plan/scenario-schema.ts";
import { loadProfiles } from "../../packages/validator/src/load/profiles/index.ts";
import { profileManifestSchema } from "../../packages/validator/src/load/profiles/manifest.ts";
import { httpRequest, stepSchema } from "../../packages/validator/src/load/plan/step-schema.ts";
import { loadChecks } from "../../packages/validator/src/load/scenario/checks/table.ts";
import { meanings } from "../../packages/validator/src/load/thresholds/meanings.ts";
import { loadMetrics } from "../../packages/validator/src/load/thresholds/metrics.ts";
import { type ConfigRow, configRows } from "./config.ts";
import { code, page, table } from "./markdown.ts";

const rowsOf = (schema: z.ZodType): ConfigRow[] =>
  configRows(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));

const keys = (rows: readonly ConfigRow[]): string =>
  table(
    ["key", "type", "default", "meaning"],
    rows.map((row) => [
      code(row.key),
      row.type,
      row.standard === "" ? "" : code(row.standard),
      row.meaning,
    ]),
  );

/** What an executor has beyond the keys of all of them. */
function executorRows(): string[][] {
  const all = scenarioSchema.options.map((option) => ({
    name: option.shape.executor.value,
    rows: rowsOf(option).filter(({ key }) => key !== "executor"),
  }));
  const shared = new Set(
    all[0]?.rows.map(({ key }) => key).filter((key) => all.every((one) => has(one.rows, key))),
  );
  return [
    ["every executor", [...shared].map(code).join(", ")],
    ...all.map(({ name, rows }) => [
      code(name),
      rows
        .filter(({ key }) => !shared.has(key))
        .map(({ key }) => code(key))
        .join(", "),
    ]),
  ];
}

const below =
  (prefix: string) =>
  (row: ConfigRow): ConfigRow => ({ ...row, key: `${prefix}.${row.key}` });

const has = (rows: readonly ConfigRow[], key: string): boolean =>
  rows.some((row) => row.key === key);

const flags = { users: "--users", rate: "--rate", durationMs: "--duration" } as const;

const profileRows = (): string[][] =>
  loadProfiles.map(({ id, summary, takes }) => [
    code(id),
    summary,
    takes.map((term) => code(flags[term])).join(", "),
  ]);

/** The page of load plans, from the tables in the code. */
export function loadPage(): string {
  const block = rowsOf(loadBlockSchema).filter(({ key }) => !key.startsWith("scenarios.<name>"));
  return page(
    "Load plans",
    "The keys below `load:` of a plan file, for `loadline load PLAN`. An unknown key is an error. " +
      'A duration is a text such as "250ms", "30s" or "5m"; a pause may be a range such as ' +
      '"1s..3s"; a rate is a number per `timeUnit` or a text such as "20/s". `${feed.COLUMN}`, ' +
      "`${env.NAME}`, `${setup.PATH}`, `${vu}`, `${iteration}` and `${session}` stand for values of " +
      "the moment in steps, `${env:NAME}` and `${file:PATH}` for secrets.",
    "## Plan",
    keys(block),
    "## Executors",
    table(["executor", "keys"], executorRows()),
    "## Steps",
    keys([...rowsOf(stepSchema), ...rowsOf(httpRequest).map(below("http"))]),
    "## Checks",
    "Keys of a `check` step beside `name` and `required`; all that are given must hold.",
    table(
      ["check", "asks", "keeps"],
      Object.values(loadChecks).map(({ id, summary, needs }) => [
        code(id),
        summary,
        needs === "body" ? "the body, at most 1 MiB" : "nothing of the body",
      ]),
    ),
    "## Metrics",
    "`t_int` is when the schedule wanted a request, `t_send` when it was written, `e_1` to `e_n` are " +
      "the events of a stream that carry content of any choice, `N` its output tokens. Metrics whose " +
      "names k6 has are measured by k6's definitions. Its tag `expected_response` is none here: a " +
      "failed request is over every limit of a time, and `errors` counts it.",
    table(
      ["metric", "type", "of", "is", "elsewhere"],
      loadMetrics.map(({ name, type, quantity }) => [
        code(name),
        type,
        quantity,
        meanings[name]?.means ?? "",
        Object.entries(meanings[name]?.elsewhere ?? {})
          .map(([tool, own]) => `${tool}: ${own}`)
          .join(", "),
      ]),
    ),
    "## Guards",
    table(
      ["guard", "holds while"],
      [...loadGuards, roundsGuard, hostGuard].map((guard) => [code(guard.id), guard.summary]),
    ),
    "## Profiles",
    "Plans that need no file: `loadline load --profile NAME --target URL`. `--dry-run` prints their " +
      "claims, samples and minutes, and what this target leaves undecided.",
    table(["profile", "traffic", "changed by"], profileRows()),
    "What a profile has to know of a target stands in the file of `--manifest`; every key has a " +
      "default, or its claims are not tested.",
    keys(rowsOf(profileManifestSchema)),
  );
}
