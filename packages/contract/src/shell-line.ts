/** A secret by its name, as a shell reads it. */
const reference = /(\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})/;

function quoteArgument(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  if (argument === "") return "''";
  // An address holds no secret of ours: a name in it came from elsewhere, and is not filled in.
  const parts = argument.includes("://") ? [argument] : argument.split(reference);
  // Every second part is a name.
  return parts
    .map((part, at) => {
      if (at % 2 === 1) return `"${part}"`;
      return part === "" ? "" : `'${part.replaceAll("'", "'\\''")}'`;
    })
    .join("");
}

/** An argument list as a shell line; `$NAME` and `${NAME}` of secrets stay open to expansion. */
export function shellLine(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(" ");
}
