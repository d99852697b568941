import { crc32 } from "node:zlib";

const hexDigits = 8;

/** One record as a line: CRC-32 in hex, a space, JSON. */
export function frameOf(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checkOf(json)} ${json}\n`;
}

export interface Frames {
  readonly records: readonly unknown[];
  /** Lines that are cut off or not what was written. */
  readonly damaged: number;
}

/** Reads lines back; a crash may have cut the last one, a bad disk any. */
export function readFrames(text: string): Frames {
  const records: unknown[] = [];
  let damaged = 0;
  const lines = text.split("\n");
  const tail = lines.pop() ?? "";
  if (tail !== "") damaged += 1;
  for (const line of lines) {
    const json = line.slice(hexDigits + 1);
    const isWhole = line[hexDigits] === " " && line.slice(0, hexDigits) === checkOf(json);
    if (!isWhole) damaged += 1;
    else records.push(JSON.parse(json));
  }
  return { records, damaged };
}

const checkOf = (json: string): string => crc32(json).toString(16).padStart(hexDigits, "0");
