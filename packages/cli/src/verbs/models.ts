import type { IncomingMessage } from "node:http";
import { gatewayErrors, type SlotView } from "@loadline/gateway";
import type { Clock } from "@loadline/kit/clock";
import { createEgress, hostOf, unsentPart } from "@loadline/kit/egress";
import { codeOf, LoadlineError } from "@loadline/kit/errors";
import { isRecord } from "@loadline/kit/json";
import { nodeHttp } from "@loadline/kit/node-http";
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
    return viewsIn(isRecord(answer) ? answer["data"] : undefined);
  }
  const target = encodeURIComponent(needed(context, 1, "a TARGET"));
  const body = act === "swap" ? { to: needed(context, 2, "a FILE of models.registered") } : {};
  return viewsIn([await ask(context, "POST", `/${target}/${act ?? ""}`, body)]);
}

/** The schema of the admin API says the rest; what another server answers is no list of models. */
function viewsIn(value: unknown): readonly SlotView[] {
  const isView = (one: unknown): one is SlotView =>
    isRecord(one) && Array.isArray(one["files"]) && Array.isArray(one["checks"]);
  if (Array.isArray(value) && value.every(isView)) return value;
  throw cliErrors.make("LL_CLI_ADMIN", "The answer is not one of this admin API.");
}

/** One call to the admin API. LL_CLI_ADMIN when nobody answers as one. */
async function ask(
  context: VerbContext,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { host, args } = context;
  const keyName = args.text("key-env") ?? keyNameDefault;
  const key = host.env[keyName];
  if (key === undefined || key === "")
    throw cliErrors.make("LL_CLI_KEY_MISSING", `The variable ${keyName} is not set.`);
  const base = baseOf(args.text("url") ?? urlDefault);
  const url = new URL(`${base}/admin/v1/models${path}`);
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await callOnce({ clock: host.clock, url, method, key, text });
    const value: unknown = JSON.parse(answer.text);
    if (answer.status === 200) return value;
    throw problemOf(value, answer.status, base);
  } catch (cause) {
    if (cause instanceof LoadlineError) throw cause;
    // An address of several may be refused at each, which has a code and no text.
    const text = cause instanceof Error ? cause.message : "";
    const reason = text === "" ? codeOf(cause) : text;
    throw cliErrors.make("LL_CLI_ADMIN", `${base}: ${reason}.`, { cause });
  }
}

/** Without the slash at its end. A refused address is not repeated: it may carry a password. */
function baseOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw cliErrors.make("LL_CLI_ADMIN", "--url is not an http or https address.");
  const unsent = unsentPart(url);
  if (unsent === null) return (url.origin + url.pathname).replace(/\/+$/, "");
  const message = `--url carries ${unsent}, which is not sent; a key is given by --key-env.`;
  throw cliErrors.make("LL_CLI_VALUE", message);
}

interface Call {
  readonly clock: Clock;
  readonly url: URL;
  readonly method: string;
  readonly key: string;
  readonly text: string | undefined;
}

/** Waits for a head as long as for the rest: `fetch` gives up after 5 min. */
async function callOnce({ clock, url, method, key, text }: Call) {
  const egress = createEgress({ allowHosts: [hostOf(url)] });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = {
    host: url.host,
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
  };
  const createConnection = () => egress.connect(url);
  const request = nodeHttp.request({ createConnection, path: url.pathname, method, headers });
  const late = (): void => void request.destroy(new Error("no answer in 15 min"));
  const timer = clock.after(answerMs, late);
  request.on("error", reject);
  request.on("response", resolve);
  request.end(text);
  try {
    const response = await promise;
    response.setEncoding("utf8");
    let answer = "";
    for await (const piece of response) answer += String(piece);
    return { status: response.statusCode ?? 0, text: answer };
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
  if (typeof detail !== "string") return gatewayErrors.make(name);
  return gatewayErrors.make(name, cleanText(detail).replace(` ${remedy}`, ""));
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
