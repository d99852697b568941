import type { Cell } from "../types.ts";

/** A box that is ticked or empty, or a cross before the words. */
export type Tick = "done" | "open" | "failed";

/** What every format is reduced to before structure is read; lines count from 1. */
export type Block =
  | {
      readonly kind: "heading";
      readonly level: number;
      readonly text: string;
      readonly line: number;
    }
  | {
      readonly kind: "item";
      readonly text: string;
      readonly line: number;
      readonly tick: Tick | null;
    }
  | { readonly kind: "text"; readonly text: string; readonly line: number }
  | { readonly kind: "table"; readonly rows: readonly (readonly Cell[])[]; readonly line: number };

/** Columns of a table that are read; the rest of a wider row is left out. */
export const columnsMax = 64;
/** Characters of one cell or sentence that are read. */
export const textMax = 4_000;
