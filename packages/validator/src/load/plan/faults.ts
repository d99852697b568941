import { loadErrors } from "../errors.ts";

/** Where a path of the plan stands, for messages; "" where no line is known. */
export type Where = (path: readonly PropertyKey[]) => string;

/** What is wrong with a plan, all of it at once. */
export class Faults {
  readonly #where: Where;
  readonly #found: string[] = [];

  constructor(where: Where) {
    this.#where = where;
  }

  add(path: readonly PropertyKey[], message: string): void {
    this.#found.push(this.line(path, message));
  }

  /** One fault as a line: path, what, file and line. */
  line(path: readonly PropertyKey[], message: string): string {
    const at = this.#where(path);
    return `${path.join(".")}: ${message}${at === "" ? "" : ` (${at})`}`;
  }

  /** Throws LL_LOAD_PLAN_INVALID unless nothing was found. */
  done(): void {
    if (this.#found.length > 0) {
      throw loadErrors.make("LL_LOAD_PLAN_INVALID", this.#found.join("\n"));
    }
  }
}
