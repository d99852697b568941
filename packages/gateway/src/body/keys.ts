/** Members of a top-level object worth knowing, each with the index of its span. */
export interface KeyTable {
  readonly names: readonly string[];
  /** Names by byte length, so that most members are dismissed without a comparison. */
  readonly byLength: readonly (readonly KnownKey[])[];
  /** One -1 per name. */
  readonly absent: readonly number[];
  /** One 0 per name. */
  readonly zero: readonly number[];
}

interface KnownKey {
  readonly bytes: Buffer;
  readonly index: number;
}

const nameBytesMax = 32;

/** Compiles member names of 1 to 32 ASCII characters; other lengths throw a RangeError. */
export function keyTable(names: readonly string[]): KeyTable {
  const byLength: KnownKey[][] = Array.from({ length: nameBytesMax + 1 }, () => []);
  names.forEach((name, index) => {
    const row = byLength[name.length];
    if (!row || name === "") throw new RangeError(`member name ${JSON.stringify(name)}`);
    row.push({ bytes: Buffer.from(name), index });
  });
  return { names, byLength, absent: names.map(() => -1), zero: names.map(() => 0) };
}

/** Index of the name at `start` to `end`, given without quotes and escapes; -1 for any other. */
export function indexOfKey(keys: KeyTable, bytes: Buffer, start: number, end: number): number {
  const row = keys.byLength[end - start];
  if (row === undefined) return -1;
  for (const known of row) if (isAt(known.bytes, bytes, start)) return known.index;
  return -1;
}

function isAt(name: Buffer, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
