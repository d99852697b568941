import { loadErrors } from "../../errors.ts";

/** A part of a plan that stock k6 has no form for. */
export interface UnmappedPart {
  /** Where it stands, `scenarios.chat.arrivals`. */
  readonly path: string;
  readonly why: string;
}

/** Notes what has no form; `path` is where the writer is. */
export class Unmapped {
  readonly parts: UnmappedPart[] = [];

  add(path: string, why: string): void {
    if (!this.parts.some((one) => one.path === path && one.why === why)) {
      this.parts.push({ path, why });
    }
  }

  /** @throws LL_LOAD_EXPORT_UNMAPPED naming every part. */
  refuse(): void {
    if (this.parts.length === 0) return;
    const lines = this.parts.map(({ path, why }) => `${path}: ${why}`);
    throw loadErrors.make("LL_LOAD_EXPORT_UNMAPPED", `${lines.join("\n")}\n`);
  }
}
