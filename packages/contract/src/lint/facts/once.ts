/** Reads what belongs to a key once, however many rows or statements ask for it. */
export function once<K, V>(read: (key: K) => V): (key: K) => V {
  const known = new Map<K, { readonly value: V }>();
  return (key) => {
    const held = known.get(key);
    if (held !== undefined) return held.value;
    const value = read(key);
    known.set(key, { value });
    return value;
  };
}
