import type { Flight } from "../engine/flight.ts";
import type { Timings } from "./api.ts";

/** The times of a request that ended. */
export function timingsOf(flight: Flight): Timings {
  const { intendedMs, sendMs, doneMs } = flight;
  return {
    responseMs: doneMs - intendedMs,
    serviceMs: doneMs - sendMs,
    waitMs: sendMs - intendedMs,
    firstByteMs: flight.firstByteMs - sendMs,
    ttftMs: flight.firstContentMs - sendMs,
  };
}
