import { commonOptions } from "../../packages/cli/src/args.ts";
import { verbs } from "../../packages/cli/src/verbs/table.ts";
import { code, page, table } from "./markdown.ts";

interface Option {
  readonly name: string;
  readonly value?: string | undefined;
  readonly optional?: true | undefined;
  readonly help: string;
}

/** As the help shows it: what may be left out is given after `=` only. */
const optionName = ({ name, value, optional }: Option): string => {
  if (value === undefined) return code(`--${name}`);
  return code(`--${name}${optional === true ? `[=${value}]` : ` ${value}`}`);
};

const options = (list: readonly Option[]): string =>
  table(
    ["option", "meaning"],
    list.map((option) => [optionName(option), option.help]),
  );

export function cliPage(): string {
  const sections = verbs.map((verb) =>
    [
      `## ${verb.name}`,
      `${verb.summary[0]?.toUpperCase() ?? ""}${verb.summary.slice(1)}.`,
      `Usage: ${code(`loadline ${verb.name} ${verb.usage}`.trim())}`,
      ...(verb.options.length === 0 ? [] : [options(verb.options)]),
      `Example: ${code(verb.example)}`,
    ].join("\n\n"),
  );
  return page(
    "The command line",
    "In the repository: `npx loadline VERB`.",
    table(
      ["exit code", "meaning"],
      [
        ["0", "done, or READY"],
        ["1", "NOT_READY: a required claim failed"],
        ["2", "NOT_PROVEN: something required is inconclusive or not tested"],
        ["3", "Loadline itself failed, or a fault could not be undone"],
        ["64", "usage"],
        ["78", "configuration"],
        ["130", "interrupted"],
      ],
    ),
    "Options of every verb:",
    options(commonOptions),
    ...sections,
  );
}
