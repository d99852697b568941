import { operator } from "@loadline/gateway";
import type { CreatedKey, KeyInfo, NewKey, OpenedServices } from "@loadline/gateway";
import { parseDurationMs } from "../duration.ts";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { type Answer, needed, onIdentityStore, takesNone } from "./identity-store.ts";
import type { VerbContext } from "./verb.ts";

/** Keys of the store; a running gateway knows every change within a second. */
export function runKeys(context: VerbContext): Promise<ExitCode> {
  return onIdentityStore(context, (services) => answerOf(context, services));
}

async function answerOf(context: VerbContext, { keys }: OpenedServices): Promise<Answer> {
  const { args, host } = context;
  const by = operator();
  const id = (): string => needed(context, 1, "an ID");
  if (["create", "list", "check"].includes(args.positionals[0] ?? "")) takesNone(context);
  switch (args.positionals[0]) {
    case "create":
      return secretAnswer(await keys.create(by, newKey(context, host.clock.wallMs())), "once");
    case "list": {
      const list = await keys.list(by, { tenantId: args.text("tenant") });
      return { document: list, lines: list.length === 0 ? ["no keys"] : list.map(keyLine) };
    }
    case "show": {
      const key = await keys.show(by, id());
      return { document: key, lines: keyLines(key) };
    }
    case "check":
      return checkAnswer(context, keys);
    case "rotate": {
      const overlap = args.text("overlap");
      const overlapMs = overlap === undefined ? undefined : parseDurationMs("overlap", overlap);
      const o = { force: args.has("force"), ...(overlapMs !== undefined && { overlapMs }) };
      const note = `once; the secret before it stays good for ${overlap ?? "24h"}`;
      return secretAnswer(await keys.rotate(by, id(), o), note);
    }
    default: {
      const reason = args.text("reason");
      const key = await keys.revoke(by, id(), reason === undefined ? {} : { reason });
      return { document: key, lines: [keyLine(key)] };
    }
  }
}

function newKey({ args }: VerbContext, nowMs: number): NewKey {
  const list = (option: string): string[] | undefined => {
    const items = args.list(option);
    return items.length === 0 ? undefined : [...items];
  };
  const from = (option: string): number | undefined => {
    const text = args.text(option);
    return text === undefined ? undefined : Math.floor(nowMs + parseDurationMs(option, text));
  };
  const fields = {
    env: args.text("env"),
    roles: list("role"),
    permissions: list("permissions"),
    models: list("models"),
    routes: list("routes"),
    ips: list("ips"),
    expiresAt: from("expires"),
    notBefore: from("not-before"),
    boundTo: args.text("bound-to"),
    budgetId: args.text("budget"),
    rateId: args.text("rate"),
    ownerId: args.text("owner"),
    tenantId: args.text("tenant"),
  };
  return { name: args.text("name") ?? "unnamed", ...given(fields) };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that were not given. */
function given<T extends object>(fields: T): Given<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}

function secretAnswer(key: CreatedKey, note: string): Answer {
  return { document: key, lines: [key.secret, `id ${key.id}; shown this ${note}`] };
}

/** A key to check comes from the environment: an argument stands in every process list. */
async function checkAnswer(
  { host, args }: VerbContext,
  keys: OpenedServices["keys"],
): Promise<Answer> {
  const name = args.text("key-env") ?? "LOADLINE_API_KEY";
  const key = host.env[name];
  if (key === undefined || key === "") {
    throw cliErrors.make("LL_CLI_KEY_MISSING", `The variable ${name} is not set.`);
  }
  const check = await keys.check(key);
  const line = check.ok ? `good: key ${check.id}` : `refused: ${check.code}`;
  return { document: check, lines: [line], exit: check.ok ? 0 : 1 };
}

function keyLine(key: KeyInfo): string {
  const roles = key.roles.length === 0 ? "custom" : key.roles.join(",");
  return `${key.id}  ${key.state.padEnd(8)} ${roles.padEnd(8)} ${key.createdAt}  ${cleanText(key.name)}`;
}

/** Every attribute that is set, one a line. */
function keyLines(key: KeyInfo): string[] {
  return Object.entries(key).map(([name, value]: [string, unknown]) => {
    const text = Array.isArray(value) ? value.join(", ") : String(value);
    return `${name.padEnd(14)} ${cleanText(text)}`;
  });
}
