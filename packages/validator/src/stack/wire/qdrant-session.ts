import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { askWeb, type WebAnswer, type WebRequest } from "./web.ts";

export type QdrantContext = StackContext<ServiceOf<"qdrant">>;

/** One request with the key of the manifest, which stands in the command by its name. */
export async function askQdrant(context: QdrantContext, request: WebRequest): Promise<WebAnswer> {
  const { apiKey } = context.service;
  const key = context.secret(apiKey);
  const headers = apiKey === undefined ? [] : ["api-key", key ?? ""];
  const answer = await askWeb(context, { ...request, headers });
  const curl = answer.curl.map((word) =>
    key === undefined ? word : word.replaceAll(key, shownSecret(apiKey)),
  );
  return { ...answer, curl };
}
