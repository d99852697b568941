interface Edge {
  readonly from: string;
  readonly to: string;
}

/** One round of the edges, its first name again at the end; null when there is none. */
export function cycleOf(edges: readonly Edge[]): string[] | null {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (name: string): string[] | null => {
    const at = path.indexOf(name);
    if (at >= 0) return [...path.slice(at), name];
    if (done.has(name)) return null;
    path.push(name);
    for (const other of next.get(name) ?? []) {
      const found = walk(other);
      if (found !== null) return found;
    }
    path.pop();
    done.add(name);
    return null;
  };
  for (const name of next.keys()) {
    const found = walk(name);
    if (found !== null) return found;
  }
  return null;
}
