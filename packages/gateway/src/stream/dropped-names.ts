const nameCharsMax = 64;
const allCharsMax = 2048;
const more = "...";
const bracket = /%5[BD]/g;

/**
 * Names of members that a translation left out, as a header tells them. They are the caller's own, so
 * what no header holds, and what would part them, is percent-encoded; long ones and long lists are cut.
 */
export function droppedNames(names: readonly string[]): string {
  let told = "";
  for (const name of names) {
    const shown = shownName(name);
    if (told.length + shown.length > allCharsMax) return `${told},${more}`;
    told += told === "" ? shown : `,${shown}`;
  }
  return told;
}

function shownName(name: string): string {
  const text = encodeURIComponent(name.slice(0, nameCharsMax).toWellFormed());
  const shown = text.replaceAll(bracket, (coded) => (coded === "%5B" ? "[" : "]"));
  if (shown === "") return '""';
  return name.length > nameCharsMax ? shown + more : shown;
}
