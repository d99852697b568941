/** Bytes of one report, at most. */
export const reportBytesMax = 5 * 1024 * 1024;

/** Windows-1252 bytes 0x80..0x9f as the characters a wrong decoder made of them. */
const upper1252 =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
  "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

const byteOf: ReadonlyMap<string, number> = new Map(
  [...upper1252].map((sign, i) => [sign, 0x80 + i]),
);

function lostByte(sign: string): number {
  const code = sign.codePointAt(0) ?? 0;
  if (code >= 0xa0 && code <= 0xff) return code;
  return byteOf.get(sign) ?? -1;
}

/** Continuation bytes after a first byte of UTF-8, or 0 when it is none. */
function followers(byte: number): number {
  if (byte >= 0xc2 && byte <= 0xdf) return 1;
  if (byte >= 0xe0 && byte <= 0xef) return 2;
  return byte >= 0xf0 && byte <= 0xf4 ? 3 : 0;
}

/** Two letters that begin nearly every broken sequence: nothing else is worth a look. */
const mayBeBroken = /[\u00c2-\u00f4][\u0080-\u02ff\u2013-\u2122]/;

/**
 * UTF-8 that was read as Windows-1252 and stored again becomes what it was; sequences that are no
 * UTF-8 stay as they are. One pass.
 */
export function repairMojibake(text: string): string {
  if (!mayBeBroken.test(text)) return text;
  // The cross mark (E2 9D 8C): most programs drop 9D, which Windows-1252 does not have.
  if (text.includes("\u00e2\u0152")) {
    return repairMojibake(text.replaceAll("\u00e2\u0152", "\u274c"));
  }
  const decoder = new TextDecoder("utf-8", { fatal: false });
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0xc2 || code > 0xf4) continue;
    const count = followers(code);
    const bytes = [code];
    for (let i = 1; i <= count; i++) {
      const byte = lostByte(text[at + i] ?? "");
      if (byte >= 0x80 && byte <= 0xbf) bytes.push(byte);
    }
    if (count === 0 || bytes.length !== count + 1) continue;
    const fixed = decoder.decode(Uint8Array.from(bytes));
    if (fixed.includes("\ufffd")) continue;
    parts.push(text.slice(from, at), fixed);
    at += count;
    from = at + 1;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

/** The text of a report: byte order mark off, UTF-16 by its mark, mojibake repaired, one line end. */
export function decodeReport(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const label =
    a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : "utf-8";
  const text = new TextDecoder(label).decode(bytes);
  const lines = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  // Twice: a text may have been broken twice.
  return repairMojibake(repairMojibake(lines));
}
