import { shellLine } from "@loadline/contract/browser";

// A command line may not carry control characters.
const control = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * One POSIX shell line that runs exactly this argument list; control characters are dropped, and
 * the name of a secret stays a reference wherever it stands but in an address.
 */
export const commandLine = (words: readonly string[]): string =>
  shellLine(words.map((word) => word.replace(control, "")));
