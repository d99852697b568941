/**
 * Commands as one argument list that runs them in their order. Their words are arguments of the
 * shell, so that the name of a secret in them is filled in once, by the shell that is typed into.
 */
export function inTurn(...commands: readonly (readonly string[])[]): string[] {
  let at = 0;
  const lines = commands.map((words) => words.map(() => `"\${${++at}}"`).join(" "));
  return ["sh", "-c", lines.join("; "), "sh", ...commands.flat()];
}
