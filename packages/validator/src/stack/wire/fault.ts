/** How a service failed to answer: its own fault, or its network's. */
export type WireFaultCode = "refused" | "timeout" | "closed" | "protocol";

/** A service that did not answer as its protocol says; becomes an observation, never an error. */
export class WireFault extends Error {
  readonly code: WireFaultCode;
  /** What it sent instead, printable and not cut; empty when nothing came. */
  readonly raw: string;

  constructor(code: WireFaultCode, message: string, raw = "") {
    super(message);
    this.name = "WireFault";
    this.code = code;
    this.raw = raw;
  }
}

/** The service's version has no such thing: the check asked wrongly, the service did nothing wrong. */
export class LacksFeature extends Error {
  constructor(message: string) {
    super(message);
    this.name = "LacksFeature";
  }
}

/** A program of this machine that the check needs is not here: nothing was asked of the service. */
export class ToolMissing extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ToolMissing";
  }
}

/** There is nothing of the sort to look at, or nobody to ask: the claim stays not tested, by name. */
export class NothingThere extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NothingThere";
  }
}

/** Bytes as one line for a reader, control characters as dots. */
export const printable = (bytes: Buffer): string =>
  bytes.toString("latin1").replaceAll(/[^\x20-\x7e]/g, ".");
