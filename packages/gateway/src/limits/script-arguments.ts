export type ScriptArgument = string | number;

/** One limiter that an open lease holds something of. */
export interface Held {
  readonly kind: string;
  readonly amount: number;
  readonly mark: string;
  readonly key: string;
}

/** One limiter that a script looks at. */
export interface Limiter {
  readonly kind: string;
  readonly key: string;
  readonly a: number;
  readonly b: number;
  readonly window: string;
}

export interface Reservation {
  readonly id: string;
  readonly ttlUs: number;
  readonly limiters: readonly Limiter[];
}

/**
 * Admitted or not, position refused, wait us, each limiter's state; undefined: budgets cannot be read
 * now; `late`: not without those beside it waiting, too.
 */
export type Decided = readonly number[] | "late" | undefined;

const lawPattern = /(\w) (\S+) (\S+)/g;
const heldLine = /^(\w) (\d+) (\S+) (.+)$/;

/** Reads what the reserve script is given. */
export function askedOf(keys: readonly string[], list: readonly ScriptArgument[]): Reservation[] {
  let at = 0;
  const plans = linesOf(String(list[0])).map((line) =>
    Array.from(line.matchAll(lawPattern), ([, kind = "", a, b]) => ({
      kind,
      key: keys[at++] ?? "",
      a: Number(a),
      b: Number(b),
      window: "",
    })),
  );
  return linesOf(String(list[1])).map((line) => {
    const [plan, id = "", ttlUs, ...wants] = line.split(" ");
    const limiters = (plans[Number(plan)] ?? []).map((limiter) => {
      if (limiter.kind === "t") return { ...limiter, a: Number(wants.shift()) };
      if (limiter.kind !== "m") return limiter;
      return { ...limiter, a: Number(wants.shift()), window: wants.shift() ?? "" };
    });
    return { id, ttlUs: Number(ttlUs), limiters };
  });
}

export const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** As the reserve script says it; 2: not decided; 3: to be asked alone. */
export function textOf(decided: Decided): string {
  if (decided === "late") return "3";
  return decided ? decided.join(" ") : "2";
}

export function limiterOf(key: string, list: readonly ScriptArgument[], at: number): Limiter {
  const [kind = "", a = 0, b = 0, window = ""] = list.slice(at, at + 4);
  return { key, kind: String(kind), a: Number(a), b: Number(b), window: String(window) };
}

export function readHeld(line: string): Held[] {
  const [, kind = "", amount = "0", mark = "", key = ""] = heldLine.exec(line) ?? [];
  return kind === "" ? [] : [{ kind, amount: Number(amount), mark, key }];
}
