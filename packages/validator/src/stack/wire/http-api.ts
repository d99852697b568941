import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { curl, type HttpAnswer, type HttpAsk, httpAsk } from "./http.ts";

export type HttpContext = StackContext<ServiceOf<"http">>;

/** One call of the API under the service's url. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** True: without the token of the manifest, as a browser asks for permission. */
  readonly isBare?: boolean;
}

function askOf(context: HttpContext, call: Call, token: string | undefined): HttpAsk {
  const isBare = token === undefined || call.isBare === true;
  const login = isBare ? {} : { authorization: `Bearer ${token}` };
  const { method, body, path } = call;
  const url = `${context.service.url.replace(/\/+$/, "")}${path}`;
  const headers = { ...login, ...call.headers };
  return { method, url, headers, ...(body === undefined ? {} : { body }) };
}

/** One call with the token of the manifest. @throws WireFault */
export const callApi = (context: HttpContext, call: Call): Promise<HttpAnswer> =>
  httpAsk(askOf(context, call, context.secret(context.service.token)), context);

/** The call as an argument list; the token by its name. */
export function callAgain(context: HttpContext, call: Call): string[] {
  const { token } = context.service;
  return curl(askOf(context, call, token === undefined ? undefined : shownSecret(token)));
}
