import {
  checkKey,
  createKey,
  listKeys,
  openState,
  revokeKey,
  rotateKey,
  showKey,
} from "@loadline/gateway";
import type { KeyInfo, State } from "@loadline/gateway";
import { cliErrors } from "../errors.ts";
import { cleanText } from "../terminal/clean-text.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

interface Answer {
  readonly document: unknown;
  readonly lines: readonly string[];
  readonly exit?: ExitCode;
}

/** Keys of the state directory; a running gateway sees every change at once. */
export async function runKeys(context: VerbContext): Promise<ExitCode> {
  const { host, stateDir, json } = context;
  const state = openState(stateDir, { clock: host.clock, random: host.random });
  try {
    const answer = answerOf(context, state);
    const text = json ? JSON.stringify(answer.document) : answer.lines.join("\n");
    host.stdout.write(`${text}\n`);
    return answer.exit ?? 0;
  } finally {
    state.close();
  }
}

function answerOf(context: VerbContext, state: State): Answer {
  const { args } = context;
  switch (args.positionals[0]) {
    case "create": {
      const key = createKey(state, { name: args.text("name") ?? "unnamed" });
      return { document: key, lines: [key.secret, `id ${key.id}; the key is shown this once`] };
    }
    case "list": {
      const keys = listKeys(state);
      return { document: keys, lines: keys.length === 0 ? ["no keys"] : keys.map(keyLine) };
    }
    case "show": {
      const key = showKey(state, idOf(context));
      return { document: key, lines: [keyLine(key)] };
    }
    case "check":
      return checkAnswer(context, state);
    case "rotate": {
      const key = rotateKey(state, idOf(context));
      const note = "the secret before it stays good for 24 h";
      return { document: key, lines: [key.secret, `id ${key.id}; shown this once; ${note}`] };
    }
    default: {
      const key = revokeKey(state, idOf(context));
      return { document: key, lines: [keyLine(key)] };
    }
  }
}

/** A key to check comes from the environment: an argument stands in every process list. */
function checkAnswer({ host, args }: VerbContext, state: State): Answer {
  const name = args.text("key-env") ?? "LOADLINE_API_KEY";
  const key = host.env[name];
  if (key === undefined || key === "") {
    throw cliErrors.make("LL_CLI_KEY_MISSING", `The variable ${name} is not set.`);
  }
  const check = checkKey(state, key);
  const line = check.ok ? `good: key ${check.id}` : `refused: ${check.code}`;
  return { document: check, lines: [line], exit: check.ok ? 0 : 1 };
}

function idOf({ args }: VerbContext): string {
  const id = args.positionals[1];
  if (id !== undefined) return id;
  throw cliErrors.make("LL_CLI_ARGUMENT", `keys ${args.positionals[0] ?? ""} needs an ID.`);
}

function keyLine(key: KeyInfo): string {
  return `${key.id}  ${key.state.padEnd(8)} ${key.createdAt}  ${cleanText(key.name)}`;
}
