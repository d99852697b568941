const lineFeed = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const spaceCode = 0x20;
const asciiMax = 0x7f;
/** Events that may be remembered in vain, one after the other: another stream is never like this. */
const vainMax = 4;
/** Of the two parts around an event's text. */
const frameMax = 4096;

/**
 * Knows the events of a stream that differ from an earlier content event in nothing but its text,
 * so that they need not be parsed: two texts with the same bytes around one plain string parse to
 * the same value but for that string. Events are texts of UTF-8 or, equally well, of latin1.
 */
export class EventMemory {
  #before = "";
  #after = "";
  #vain = 0;
  readonly #keys: readonly string[];

  /** `keys`: members of which a dialect asks no more than whether their text is empty. */
  constructor(keys: readonly string[] | undefined) {
    this.#keys = keys ?? [];
  }

  /** Takes an event, without its blank line, that is content, no finish, and carries no usage. */
  learn(text: string): void {
    if (this.#vain >= vainMax) return;
    this.#vain++;
    for (const key of this.#keys) {
      const from = onlyValueOf(text, key);
      if (from < 0) continue;
      const to = text.indexOf('"', from);
      const before = text.slice(0, from);
      const after = text.slice(to);
      if (to <= from || !isPlain(text, from, to) || !isFrame(before) || !isFrame(after)) continue;
      this.#before = before;
      this.#after = after;
      return;
    }
  }

  /** Bytes of a known event that are not its text. */
  get frameBytes(): number {
    return this.#before.length + this.#after.length;
  }

  /** Whether the event between `from` and `to`, without its blank line, is content as before. */
  knows(text: string, from: number, to: number): boolean {
    const start = from + this.#before.length;
    const end = to - this.#after.length;
    if (end <= start || this.#after === "") return false;
    if (!text.startsWith(this.#before, from) || !text.endsWith(this.#after, to)) return false;
    if (!isPlain(text, start, end)) return false;
    this.#vain = 0;
    return true;
  }

  /** Whether `from` to `to` is one such event with a blank line of two line feeds. */
  knowsWhole(text: string, from: number, to: number): boolean {
    return (
      text.charCodeAt(to - 1) === lineFeed &&
      text.charCodeAt(to - 2) === lineFeed &&
      this.knows(text, from, to - 2)
    );
  }
}

/** Where the string of the only member of this name begins; -1: none, several, or no string. */
function onlyValueOf(text: string, key: string): number {
  const name = `"${key}"`;
  const at = text.indexOf(name);
  if (at < 0 || text.includes(name, at + name.length)) return -1;
  const from = at + name.length;
  return text.charCodeAt(from) === 0x3a && text.charCodeAt(from + 1) === quote ? from + 2 : -1;
}

/** Whether these units end no JSON string and begin no escape in it. */
function isPlain(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === quote || code === backslash || code < spaceCode) return false;
  }
  return true;
}

/** No member's name is spelled in a second way here, and UTF-8 and latin1 read it alike. */
function isFrame(text: string): boolean {
  if (text.length > frameMax) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash || code > asciiMax) return false;
  }
  return true;
}
