import { commonOptions } from "./args.ts";
import type { OptionSpec } from "./args.ts";
import { verbs } from "./verbs/table.ts";
import type { VerbSpec } from "./verbs/verb.ts";

const exitCodes =
  "exit codes: 0 READY, 1 NOT_READY, 2 NOT_PROVEN, 3 Loadline failed, 64 usage,\n" +
  "            78 configuration, 130 interrupted";

/** The page of `loadline --help`. */
export function overview(): string {
  const rows = verbs.map((verb) => `  ${verb.name.padEnd(10)}${verb.summary}`);
  return [
    "loadline serves AI models behind one gateway and proves that they are ready.",
    "",
    "usage: loadline VERB [options]",
    "",
    ...rows,
    "",
    "example:  loadline up --once",
    "each verb: loadline VERB --help",
    exitCodes,
    "",
  ].join("\n");
}

/** The page of `loadline VERB --help`, with one example that works. */
export function verbHelp(verb: VerbSpec): string {
  const options = [...verb.options, ...commonOptions];
  return [
    `loadline ${verb.name}: ${verb.summary}`,
    "",
    `usage: loadline ${verb.name} ${verb.usage}`.trimEnd(),
    "",
    ...options.map(optionLine),
    "",
    ...(verb.before === undefined ? [] : [`before:  ${verb.before}`]),
    `example: ${verb.example}`,
    "",
  ].join("\n");
}

function optionLine(option: OptionSpec): string {
  const value = option.optional === true ? `[=${option.value}]` : ` ${option.value}`;
  const name = `--${option.name}${option.value === undefined ? "" : value}`;
  return `  ${name.padEnd(20)} ${option.help}`;
}
