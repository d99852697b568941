/**
 * Text from a target or a file, made safe for a terminal: ESC sequences, C0, C1 and bidirectional
 * controls are dropped, every white space becomes one space.
 */
export function cleanText(text: string): string {
  return (
    text
      // CSI and OSC sequences go as a whole, so that `ESC[31m` leaves no `[31m` behind.
      .replace(/\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, "")
      .replace(/\s+/g, " ")
      .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, "")
  );
}

/** At most `width` characters; a cut is shown by `..`. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 2))}..`;
}

/** Cut in the middle: of a path its last part says most, of an id its first; `startShare` is 0..1. */
export function clipMiddle(text: string, width: number, startShare = 1 / 3): string {
  if (text.length <= width) return text;
  const head = Math.max(1, Math.floor((width - 2) * startShare));
  return `${text.slice(0, head)}..${text.slice(text.length - (width - 2 - head))}`;
}

/** Lines of at most `width` characters, broken between words; a longer word is a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line.trimEnd());
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
