/** Keys of a call in their order: lists that come again are written once, each with those it stands with. */
export type KeyLists = readonly (readonly string[])[];

/**
 * `EVALSHA` calls in the words of the protocol (RESP, arrays of bulk strings). What is written of a
 * list of keys, and of a script, is kept for as long as the list, and the script, itself is there.
 */
export class WrittenCalls {
  readonly #scripts = new WeakMap<{ readonly sha: string }, string>();
  readonly #lists = new WeakMap<readonly string[], string>();

  of(script: { readonly sha: string }, keys: KeyLists, rest: readonly (string | number)[]): string {
    let count = 0;
    let text = "";
    for (const list of keys) {
      count += list.length;
      text += this.#listOf(list);
    }
    text = `*${3 + count + rest.length}\r\n${this.#scriptOf(script)}${bulk(count)}${text}`;
    for (const one of rest) text += bulk(one);
    return text;
  }

  #scriptOf(script: { readonly sha: string }): string {
    let text = this.#scripts.get(script);
    if (text === undefined) this.#scripts.set(script, (text = bulk("EVALSHA") + bulk(script.sha)));
    return text;
  }

  #listOf(list: readonly string[]): string {
    let text = this.#lists.get(list);
    if (text === undefined) this.#lists.set(list, (text = list.map(bulk).join("")));
    return text;
  }
}

function bulk(value: string | number): string {
  const text = String(value);
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
