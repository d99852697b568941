/** A secret by its name or its file, as a shell reads it. */
const reference = /(\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\}|\$\(cat [^()]+\))/;

/** The name of a file is a word of its own, whatever it holds. */
function openReference(part: string): string {
  const file = /^\$\(cat (.+)\)$/s.exec(part)?.[1];
  return file === undefined ? `"${part}"` : `"$(cat ${quoteClosed(file)})"`;
}

/** One word of a POSIX shell in which nothing is expanded. */
export const quoteClosed = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function quoteArgument(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  if (argument === "") return "''";
  // An address holds no secret of ours: a name in it came from elsewhere, and is not filled in.
  const parts = argument.includes("://") ? [argument] : argument.split(reference);
  // Every second part is a name or a file.
  return parts
    .map((part, at) => {
      if (at % 2 === 1) return openReference(part);
      return part === "" ? "" : quoteClosed(part);
    })
    .join("");
}

/**
 * An argument list as a shell line; `$NAME`, `${NAME}` and `$(cat FILE)` of secrets stay open to
 * expansion.
 */
export function shellLine(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(" ");
}
