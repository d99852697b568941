import { gatewayErrors, type SlotView } from "@loadline/gateway";
import { isRecord } from "@loadline/kit/json";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { needed } from "./identity-store.ts";
import type { VerbContext } from "./verb.ts";

const urlDefault = "http://127.0.0.1:8080";
const keyNameDefault = "LOADLINE_API_KEY";
/** A swap loads a model and asks it many times. */
const answerMs = 900_000;

/**
 * `list` shows the in-process models of a running gateway, `swap TARGET FILE` loads a registered file
 * beside the one that serves, `rollback TARGET` goes back. Errors of the gateway keep their code.
 */
export async function runModels(context: VerbContext): Promise<ExitCode> {
  const { host, json } = context;
  const views = await viewsOf(context);
  host.stdout.write(json ? `${JSON.stringify(views)}\n` : textOf(views));
  return 0;
}

async function viewsOf(context: VerbContext): Promise<readonly SlotView[]> {
  const [act, , , extra] = context.args.positionals;
  const most = { list: 1, rollback: 2 }[act ?? ""] ?? 3;
  const tooMany = context.args.positionals[most] ?? extra;
  if (tooMany !== undefined)
    throw cliErrors.make("LL_CLI_ARGUMENT", `${act ?? ""} takes no "${tooMany}".`);
  if (act === "list") {
    const answer = await ask(context, "GET", "");
    // The schema of the admin API says so; one of another version is not read here.
    return isRecord(answer) ? (answer["data"] as readonly SlotView[]) : [];
  }
  const target = encodeURIComponent(needed(context, 1, "a TARGET"));
  const body = act === "swap" ? { to: needed(context, 2, "a FILE of models.registered") } : {};
  return [(await ask(context, "POST", `/${target}/${act ?? ""}`, body)) as SlotView];
}

/** One call to the admin API. LL_CLI_ADMIN when nobody answers as one. */
async function ask(
  { host, args }: VerbContext,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const keyName = args.text("key-env") ?? keyNameDefault;
  const key = host.env[keyName];
  if (key === undefined || key === "")
    throw cliErrors.make("LL_CLI_KEY_MISSING", `The variable ${keyName} is not set.`);
  const base = (args.text("url") ?? urlDefault).replace(/\/+$/, "");
  const url = `${base}/admin/v1/models${path}`;
  const late = new AbortController();
  const timer = host.clock.after(answerMs, () => late.abort(new Error("no answer in 15 min")));
  try {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      signal: late.signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = JSON.parse(await response.text());
    if (response.ok) return answer;
    throw problemOf(answer, response.status, base);
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof SyntaxError)) throw cause;
    const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
    throw cliErrors.make("LL_CLI_ADMIN", `${base}: ${reason}.`, { cause });
  } finally {
    timer.cancel();
  }
}

/** The gateway's own error again, with its code. */
function problemOf(answer: unknown, status: number, base: string): Error {
  const code = isRecord(answer) ? answer["code"] : undefined;
  const detail = isRecord(answer) ? answer["detail"] : undefined;
  const known = Object.keys(gatewayErrors.table).find((one) => one === code);
  if (known === undefined) return cliErrors.make("LL_CLI_ADMIN", `${base} answers ${status}.`);
  const name = known as keyof typeof gatewayErrors.table;
  const { remedy } = gatewayErrors.table[name];
  const text = cleanText(String(detail)).replace(` ${remedy}`, "");
  return gatewayErrors.make(name, text);
}

function textOf(views: readonly SlotView[]): string {
  if (views.length === 0) return "no in-process models\n";
  return views.map(linesOf).join("");
}

function linesOf({ target, model, files, rollbackUntil, checks }: SlotView): string {
  const until = rollbackUntil === null ? "" : `, rollback until ${rollbackUntil}`;
  const lines = [
    `${cleanText(target)} (${cleanText(model)})${until}`,
    ...files.map(({ role, state, name, path }) => {
      const what = `${role.padEnd(10)} ${state.padEnd(10)}`;
      return `  ${what} ${cleanText(name)}  ${cleanText(path)}`;
    }),
    ...checks.map(({ id, outcome, detail }) => `  check ${id} ${outcome}: ${cleanText(detail)}`),
  ];
  return `${lines.join("\n")}\n`;
}
