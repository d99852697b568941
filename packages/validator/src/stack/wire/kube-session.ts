import type { JsonRecord } from "@loadline/kit/json";
import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, NothingThere, WireFault } from "./fault.ts";
import { recordsIn, textIn } from "./shape.ts";
import { askWeb, type WebAnswer, type WebRequest } from "./web.ts";

export type KubernetesContext = StackContext<ServiceOf<"kubernetes">>;

/** A pod takes 10 KiB and more, and an answer is read up to 8 MiB. */
const pageItems = 100;
const pagesMax = 100;
/** Codes that say nobody is there, in place of somebody who is wrong. */
const nobody = /\((ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)\)/;

/**
 * One request to the API server. @throws NothingThere where no cluster is declared or nobody
 * answers, WireFault for one who answers wrongly.
 */
export async function askKube(
  context: KubernetesContext,
  path: string,
  more: Pick<WebRequest, "method" | "headers" | "json"> = {},
): Promise<WebAnswer> {
  const { service } = context;
  if (service.url === "local:") {
    throw new NothingThere("No cluster is declared (url), so no live object was asked.");
  }
  const ca = context.secret(service.ca);
  const asked = { ...context, service: { url: service.url, token: service.token, ca } };
  const shown = service.ca === undefined ? [] : ["--cacert", shownFile(service.ca)];
  try {
    const headers = ["accept", "application/json", ...(more.headers ?? [])];
    const answer = await askWeb(asked, { ...more, path, headers });
    return { ...answer, curl: [...answer.curl.slice(0, -1), ...shown, ...answer.curl.slice(-1)] };
  } catch (error) {
    const isNobody =
      error instanceof WireFault &&
      error.raw === "" &&
      (error.code === "timeout" || nobody.test(error.message));
    if (!isNobody) throw error;
    throw new NothingThere(`No cluster answers: ${error.message}.`);
  }
}

/** A file reference as a path, a variable as a file the shell makes of it. */
const shownFile = (reference: string): string =>
  /^\$\{file:(.+)\}$/.exec(reference)?.[1] ?? `<(echo "${shownSecret(reference)}")`;

export interface KubeList {
  readonly items: readonly JsonRecord[];
  readonly curl: readonly string[];
}

/**
 * Objects of a list, page by page; at most 10,000. @throws NothingThere where the token may not list
 * them, WireFault for another refusal, with its words; LacksFeature where the cluster's version has no
 * such list.
 */
export async function listKube(
  context: KubernetesContext,
  path: string,
  query = "",
): Promise<KubeList> {
  const items: JsonRecord[] = [];
  let more = "";
  for (let page = 0; page < pagesMax; page++) {
    const next = more === "" ? "" : `&continue=${encodeURIComponent(more)}`;
    const at = `${path}?limit=${pageItems}${query}${next}`;
    const answer = await askKube(context, at);
    if (answer.status === 404) {
      const version = context.facts.get("version") ?? "unknown";
      throw new LacksFeature(`Kubernetes ${version} has no ${path}.`);
    }
    if (answer.status === 403) {
      const said = context.excerpt(textIn(answer.json, "message"), 300);
      throw new NothingThere(`The token may not list ${path}: ${said}.`);
    }
    if (answer.status !== 200 || !Array.isArray(answer.json ? itemsOf(answer.json) : null)) {
      const said = context.excerpt(textIn(answer.json, "message"), 300);
      const seen = `GET ${path} answered ${answer.status}${said === "" ? "" : `: ${said}`}`;
      throw new WireFault("protocol", seen, answer.text);
    }
    items.push(...recordsIn(answer.json, "items"));
    more = textIn(answer.json, "metadata.continue");
    if (more === "") return { items, curl: answer.curl };
  }
  throw new WireFault("protocol", `${path} holds more than ${pageItems * pagesMax} objects`);
}

function itemsOf(json: unknown): unknown {
  return typeof json === "object" && json !== null && "items" in json ? json.items : null;
}
