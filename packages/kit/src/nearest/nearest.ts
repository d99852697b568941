/** Characters of a word that are compared. */
const wordMax = 64;

/** Edits between two words: insertions, deletions and replacements of one character. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * The first known word with the fewest edits, whatever the case: at most a third of the word's
 * length, rounded up; null when none is that near. Only 64 characters are compared.
 */
export function nearest(word: string, known: readonly string[]): string | null {
  const text = word.slice(0, wordMax).toLowerCase();
  let best: string | null = null;
  let least = Math.ceil(text.length / 3) + 1;
  for (const candidate of known) {
    const edits = editDistance(text, candidate.slice(0, wordMax).toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** ` Did you mean "x"?`, with its leading space, or nothing. */
export function meant(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === null ? "" : ` Did you mean "${found}"?`;
}
