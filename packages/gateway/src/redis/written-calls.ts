/** What is written of a script call once: all but its last arguments. */
interface Head {
  readonly sha: string;
  readonly text: string;
}

/**
 * `EVALSHA` calls in the words of the protocol (RESP, arrays of bulk strings). Script, count and keys
 * of a list of keys are written once, for as long as the list itself is there.
 */
export class WrittenCalls {
  readonly #heads = new WeakMap<readonly string[], Head>();

  of(
    script: { readonly sha: string },
    keys: readonly string[],
    rest: readonly (string | number)[],
  ): string {
    let head = this.#heads.get(keys);
    if (head?.sha !== script.sha) {
      const list = ["EVALSHA", script.sha, keys.length, ...keys];
      head = { sha: script.sha, text: list.map(bulk).join("") };
      this.#heads.set(keys, head);
    }
    let text = `*${3 + keys.length + rest.length}\r\n${head.text}`;
    for (const one of rest) text += bulk(one);
    return text;
  }
}

function bulk(value: string | number): string {
  const text = String(value);
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
