import { z } from "zod";

/** A secret that shows itself only when asked: printing and JSON give `***`. */
export class Secret {
  readonly #value: string;
  /** Where it came from, such as `${env:NAME}`. */
  readonly reference: string;

  constructor(value: string, reference: string) {
    this.#value = value;
    this.reference = reference;
  }

  reveal(): string {
    return this.#value;
  }

  toJSON(): string {
    return "***";
  }

  toString(): string {
    return "***";
  }
}

const inUser = /^[a-z+]+:\/\/[^/@]*:[^/@]+@/i;
const inQuery = /[?&](?:ssl)?pass(?:word|phrase)?=/i;

/** Whether an address itself holds a password, beside its user or as drivers take it in the query. */
export function holdsPassword(address: string): boolean {
  return inUser.test(address) || inQuery.test(address);
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** `250ms`, `2s`, `5m`, `1h`, or a number of ms; the parsed value is ms. */
export function durationMs(o: { min?: number; max: number; default: number }) {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      if (typeof value === "number") return value;
      const match = durationPattern.exec(value);
      if (match) return Number(match[1]) * (unitsMs[match[2] ?? ""] ?? 1);
      context.addIssue({ code: "custom", message: "expected a duration such as 250ms, 2s or 5m" });
      return z.NEVER;
    })
    .pipe(
      z
        .number()
        .min(o.min ?? 1)
        .max(o.max),
    )
    .default(o.default);
}

/** A secret already resolved from its reference by `loadConfig`. */
export const secretValue = z.instanceof(Secret);
