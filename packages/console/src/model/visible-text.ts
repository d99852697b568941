/**
 * Characters that move, hide or reorder other text: C0 and C1 controls (but tab and newline), soft
 * hyphen, zero-width and bidi characters, line and paragraph separators, fillers, variation
 * selectors, tags, lone surrogates.
 */
export const hiddenCharacters =
  // oxlint-disable-next-line no-control-regex -- finding control characters is its purpose
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e01ef}]|\p{Surrogate}/gu;

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
