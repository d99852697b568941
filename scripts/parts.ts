// The parts of other people that suites talk to: `list` shows them, `verify` asks each who it is.
import { writeFileSync } from "node:fs";
import {
  isFound,
  parts,
  partsEnvironment,
  probePart,
} from "../packages/testkit/src/parts/index.ts";

const usage = "node scripts/parts.ts list | verify [FILE.json]";

function list(): number {
  for (const part of parts)
    console.log(`${part.id.padEnd(14)} ${part.group.padEnd(8)} ${part.get}`);
  return 0;
}

/** Prints one line per part and writes them as JSON; ends with 2 while one is missing. */
async function verify(file: string | undefined): Promise<number> {
  const environment = partsEnvironment(process.env);
  const answers = await Promise.all(parts.map((part) => probePart(part, environment)));
  for (const answer of answers) {
    if (isFound(answer)) console.log(`found ${answer.id} ${answer.version} ${answer.path}`);
    else console.log(`NOT TESTED: ${answer.id} (${answer.reason})`);
  }
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`);
  return answers.every(isFound) ? 0 : 2;
}

const [verb, file] = process.argv.slice(2);
if (verb === "list") process.exitCode = list();
else if (verb === "verify") process.exitCode = await verify(file);
else {
  console.error(usage);
  process.exitCode = 64;
}
