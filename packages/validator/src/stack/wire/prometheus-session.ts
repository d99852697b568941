import type { StackContext } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, WireFault } from "./fault.ts";
import { textIn } from "./shape.ts";
import { askWeb, lacksRoute, type WebAnswer } from "./web.ts";

export type PrometheusContext = StackContext<ServiceOf<"prometheus">>;

/**
 * The answer of one route of the API that says success. @throws LacksFeature for a route that the
 * server's version has not, and for a query that it does not understand; WireFault for every other
 * answer, with its words.
 */
export async function askPrometheus(context: PrometheusContext, path: string): Promise<WebAnswer> {
  const answer = await askWeb(context, { path });
  const version = context.facts.get("version") ?? "";
  const [route = ""] = path.split("?");
  if (lacksRoute(answer)) throw new LacksFeature(`Prometheus ${version} has no ${route}.`);
  const { status, json, text } = answer;
  if (status === 200 && textIn(json, "status") === "success") return answer;
  const said = context.excerpt(textIn(json, "error"), 300);
  if (status === 400 && textIn(json, "errorType") === "bad_data") {
    throw new LacksFeature(`Prometheus ${version} does not understand what was asked: ${said}.`);
  }
  throw new WireFault("protocol", `GET ${path} answered ${status} ${said}`.trim(), text);
}

/** The answer to one query at one time. @throws as `askPrometheus` */
export const queryPrometheus = (
  context: PrometheusContext,
  query: string,
  more = "",
): Promise<WebAnswer> =>
  askPrometheus(context, `/api/v1/query?query=${encodeURIComponent(query)}${more}`);
