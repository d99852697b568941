/** Names a shell expands on purpose: a secret by reference, e.g. `$LOADLINE_KEY`. */
const reference = /^\$[A-Z_][A-Z0-9_]*$/;
const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;
// A command line may not carry control characters.
const control = /[\u0000-\u001f\u007f-\u009f]/g;

const quoted = (word: string): string => {
  if (reference.test(word)) return `"${word}"`;
  if (plain.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
};

/**
 * One POSIX shell line that runs exactly this argument list; control characters are dropped, and
 * a word that is wholly `$NAME` stays a reference.
 */
export const commandLine = (words: readonly string[]): string =>
  words.map((word) => quoted(word.replace(control, ""))).join(" ");
