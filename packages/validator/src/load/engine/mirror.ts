/** Words of one buffer that changed: index and new value, in pairs. */
export interface ChangedWords {
  readonly buffer: number;
  readonly words: Uint32Array;
}

/** Finds what changed in shared buffers since it was last asked, as sparse words. */
export class MirrorSource {
  readonly #live: readonly Uint32Array[];
  readonly #sent: readonly Uint32Array[];

  constructor(buffers: readonly SharedArrayBuffer[]) {
    this.#live = buffers.map((buffer) => new Uint32Array(buffer));
    // A mirror begins with zeros, as memory does; what is not 0 is a change.
    this.#sent = this.#live.map(({ length }) => new Uint32Array(length));
  }

  changes(): ChangedWords[] {
    const all: ChangedWords[] = [];
    this.#live.forEach((live, buffer) => {
      const sent = this.#sent[buffer];
      const words: number[] = [];
      for (let i = 0; sent !== undefined && i < live.length; i++) {
        const word = live[i] ?? 0;
        if (word === sent[i]) continue;
        sent[i] = word;
        words.push(i, word);
      }
      if (words.length > 0) all.push({ buffer, words: Uint32Array.from(words) });
    });
    return all;
  }
}

/** Writes changes into the buffers of the mirror. */
export function applyChanges(
  buffers: readonly SharedArrayBuffer[],
  changes: readonly ChangedWords[],
): void {
  for (const { buffer, words } of changes) {
    const target = buffers[buffer];
    if (target === undefined) continue;
    const view = new Uint32Array(target);
    for (let i = 0; i < words.length; i += 2) view[words[i] ?? 0] = words[i + 1] ?? 0;
  }
}
