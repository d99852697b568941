import type { CliHost, Output } from "../process/host.ts";

export type Colour = "red" | "red bold" | "green" | "yellow" | "blue" | "cyan" | "magenta";
export type Paint = (colour: Colour, text: string) => string;

// The user's own 16 colours, so that their theme decides how they look.
const codes: Readonly<Record<Colour, number | string>> = {
  red: 31,
  "red bold": "1;31",
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};

/** Colour only on a terminal, and never under `NO_COLOR` or `TERM=dumb`. */
export function isColoured(host: Pick<CliHost, "env">, output: Output): boolean {
  const off = (host.env["NO_COLOR"] ?? "") !== "" || host.env["TERM"] === "dumb";
  return output.isTty && !off;
}

export function createPaint(on: boolean): Paint {
  return on ? (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m` : (_, text) => text;
}
