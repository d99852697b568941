import { z } from "zod";
import { durationMs } from "../config/values.ts";
import type { StreamSettings } from "./settings.ts";

const minuteMs = 60_000;
const mebibyte = 1024 * 1024;

/** Section `stream` of the configuration. */
export const streamConfig = z.strictObject({
  keepAlive: durationMs({ min: 50, max: 10 * minuteMs, default: 15_000 }).describe(
    "Silence after which a stream's client gets a comment (ms).",
  ),
  keepAliveBeforeContent: z
    .enum(["on", "off"])
    .default("on")
    .describe("Comments before the first content; off keeps real status codes."),
  finish: durationMs({ min: 50, max: minuteMs, default: 5000 }).describe(
    "Wait for usage and end marker after the finish (ms).",
  ),
  clientStalled: durationMs({ min: 50, max: 60 * minuteMs, default: minuteMs }).describe(
    "A client that takes nothing for so long is disconnected (ms).",
  ),
  waitingBytesMax: z
    .int()
    .min(16_384)
    .max(16 * mebibyte)
    .default(256 * 1024)
    .describe("The upstream rests while more bytes than this wait for the client."),
  minBytesPerS: z
    .number()
    .min(0)
    .max(1e9)
    .default(0)
    .describe("A stream slower than this for 30 s is cut; 0: no minimum."),
  heldBytesMax: z
    .int()
    .min(1024)
    .max(64 * mebibyte)
    .default(8 * mebibyte)
    .describe("A whole answer over this many bytes passes at once and cannot fail over."),
  heldBytesMaxTotal: z
    .int()
    .min(1024)
    .max(4096 * mebibyte)
    .default(256 * mebibyte)
    .describe("Bytes of whole answers held together; beyond it answers pass at once."),
});

/** The section as the stream machine reads it. */
export function streamSettings(section: z.output<typeof streamConfig>): StreamSettings {
  return {
    keepAliveMs: section.keepAlive,
    isKeptAliveBeforeContent: section.keepAliveBeforeContent === "on",
    finishMs: section.finish,
    clientStalledMs: section.clientStalled,
    waitingBytesMax: section.waitingBytesMax,
    minBytesPerS: section.minBytesPerS,
    heldBytesMax: section.heldBytesMax,
    heldBytesMaxTotal: section.heldBytesMaxTotal,
  };
}
