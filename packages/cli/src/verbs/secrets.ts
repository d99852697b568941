import type { PepperStatus } from "@loadline/gateway";
import type { ExitCode } from "../process/host.ts";
import { type Answer, onIdentityStore } from "./identity-store.ts";
import type { VerbContext } from "./verb.ts";

/** How far a rotation of peppers has come; 1 when secrets need one that is not given. */
export function runSecrets(context: VerbContext): Promise<ExitCode> {
  return onIdentityStore(context, async ({ peppers }) => answerOf(await peppers()));
}

function answerOf(peppers: readonly PepperStatus[]): Answer {
  const lacks = peppers.some(({ isGiven, secrets }) => !isGiven && secrets > 0);
  return { document: peppers, lines: peppers.map(pepperLine), exit: lacks ? 1 : 0 };
}

function pepperLine({ version, isCurrent, isGiven, secrets }: PepperStatus): string {
  const said = `pepper ${version}  ${secrets === 1 ? "1 secret" : `${secrets} secrets`}`;
  if (!isGiven) return `${said}, refused: auth.peppers lacks it`;
  return isCurrent ? `${said}, current` : said;
}
