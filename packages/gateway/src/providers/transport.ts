import { isRecord } from "@loadline/kit/json";
import { z } from "zod";
import { secretValue } from "../config/values.ts";

const transports = ["auto", "http1", "undici"] as const;

/** Key `transport` of the configuration: of the targets that name none. */
export const transportConfig = z
  .enum(transports)
  .default("auto")
  .describe("Transport of the targets that name none; undici for all is the switch for doubt.");

/** Keys of a target that say how it is reached. */
export const transportSettings = {
  transport: z
    .enum(transports)
    .default("auto")
    .describe(
      "Who speaks to it: our own HTTP/1.1 client, undici, or auto: undici where http2, proxy or " +
        "compression is set.",
    ),
  http2: z
    .boolean()
    .default(false)
    .describe("HTTP/2 where the server offers it; over http: without asking."),
  compression: z.boolean().default(false).describe("Answers may come as gzip, deflate or br."),
  proxy: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .refine((text) => !hasCredentials(text), "write user and password into auth")
        .describe("Address of the proxy."),
      auth: secretValue.optional().describe("Secret reference to user:password, sent as Basic."),
    })
    .optional()
    .describe("Outbound proxy: a tunnel to https: targets, forwarding to http: ones."),
};

export type TransportSettings = z.output<ReturnType<typeof shape>>;

function shape() {
  return z.strictObject(transportSettings);
}

/** Whether undici speaks to a target with these settings. */
export function usesUndici(o: TransportSettings): boolean {
  return o.transport === "undici" || (o.transport === "auto" && needsUndici(o));
}

/** What our own client does not know. */
function needsUndici(o: Readonly<Record<string, unknown>>): boolean {
  return o["http2"] === true || o["compression"] === true || isRecord(o["proxy"]);
}

/** Why a target's settings contradict each other, as a sentence. */
export function transportProblem(target: Readonly<Record<string, unknown>>): string | undefined {
  if (target["transport"] !== "http1" || !needsUndici(target)) return undefined;
  return "our own client knows no http2, proxy or compression; write auto or undici.";
}

function hasCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.username + url.password !== "";
}
