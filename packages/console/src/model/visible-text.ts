/**
 * Characters that move, hide or reorder other text: controls but tab and newline, format characters
 * (bidi, zero-width, soft hyphen, tags), line and paragraph separators, lone surrogates, and what
 * Unicode says to draw as nothing (fillers, variation selectors).
 */
export const hiddenCharacters =
  /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const codeOf = (char: string): string =>
  `[U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`;

/** The same text with every hidden character as a visible code such as `[U+202E]`. */
export const visibleText = (text: string): string => text.replace(hiddenCharacters, codeOf);

/** Longest untrusted text shown in one piece, in characters. */
export const shownCharsMax = 4096;

export interface CappedText {
  readonly text: string;
  /** Characters left out. */
  readonly cut: number;
}

/** The visible form of at most `shownCharsMax` characters, never cutting inside a pair. */
export function cappedText(text: string, charsMax: number = shownCharsMax): CappedText {
  if (text.length <= charsMax) return { text: visibleText(text), cut: 0 };
  const code = text.charCodeAt(charsMax - 1);
  const end = code >= 0xd800 && code <= 0xdbff ? charsMax - 1 : charsMax;
  return { text: visibleText(text.slice(0, end)), cut: text.length - end };
}
