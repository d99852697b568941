/** Values of a label that may become more while the process runs, never fewer. */
export interface GrowingLabel {
  readonly values: readonly string[];
  /** Position of a value, the same for the life of the process; -1 when it was never added. */
  indexOf(value: string): number;
  /**
   * Adds the values that are new: each family with this label has their label sets with value 0
   * from now on. Throws a RangeError beyond `max` values, and then adds none.
   */
  grow(values: readonly string[]): void;
  /** Calls back after each growth. */
  onGrow(run: () => void): void;
}

const valuesMax = 4096;

/** A label that begins with these values; `max` is 4096 unless told. */
export function growingLabel(
  values: readonly string[] = [],
  max: number = valuesMax,
): GrowingLabel {
  const known: string[] = [];
  const indexes = new Map<string, number>();
  const listeners: (() => void)[] = [];
  const grow = (more: readonly string[]): void => {
    const fresh = new Set(more.filter((value) => !indexes.has(value)));
    if (fresh.size === 0) return;
    if (known.length + fresh.size > max)
      throw new RangeError(`a label has over ${max} values since the start`);
    for (const value of fresh) indexes.set(value, known.push(value) - 1);
    for (const run of listeners) run();
  };
  grow(values);
  return {
    values: known,
    indexOf: (value) => indexes.get(value) ?? -1,
    grow,
    onGrow: (run) => void listeners.push(run),
  };
}
