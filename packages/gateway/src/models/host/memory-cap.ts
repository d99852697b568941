import type { Clock } from "@loadline/kit/clock";

const lookMs = 100;
const mebibyte = 1024 * 1024;
/** Of the process itself, and of a model whose context is as large as its weights, twice. */
const baseBytes = 1024 * mebibyte;
const perFileByte = 3;

/** Resident bytes that a host over a file of this size may take, when nobody said. */
export function defaultRssMax(fileBytes: number): number {
  return baseBytes + perFileByte * fileBytes;
}

export interface MemoryCap {
  readonly clock: Clock;
  readonly rssBytesMax: number;
  /** Resident bytes of this process now. */
  rssBytes(): number;
  /** Told once, with why. */
  onOver(text: string): void;
}

/** Looks at the process ten times a second; the timer it waits on keeps no process. */
export function watchMemory({ clock, rssBytesMax, rssBytes, onOver }: MemoryCap): void {
  const look = (): void => {
    const bytes = rssBytes();
    if (bytes <= rssBytesMax) clock.after(lookMs, look, { unref: true });
    else onOver(`${mib(bytes)} MiB are resident, ${mib(rssBytesMax)} are allowed`);
  };
  look();
}

const mib = (bytes: number): string => (bytes / mebibyte).toFixed(0);
