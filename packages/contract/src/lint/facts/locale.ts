/** Which sign splits whole from part in the figures of one report. */
export type DecimalSign = "." | ",";

/**
 * The decimal sign of a text: by the figures that can be read one way only, such as `99,5 %` or
 * `1.234,5`. The dot when nothing tells.
 */
export function decimalSign(text: string): DecimalSign {
  let comma = 0;
  let dot = 0;
  for (const [token] of text.matchAll(/\d+(?:[.,]\d+)*/g)) {
    if (token.length > 40) continue;
    const commas = token.split(",").length - 1;
    const dots = token.split(".").length - 1;
    if (commas === 1 && dots === 0 && !isGroup(token, ",")) comma += 1;
    else if (dots === 1 && commas === 0 && !isGroup(token, ".")) dot += 1;
    else if (commas === 1 && dots >= 1 && token.lastIndexOf(",") > token.lastIndexOf("."))
      comma += 1;
    else if (dots === 1 && commas >= 1) dot += 1;
  }
  return comma > dot ? "," : ".";
}

/** Three digits behind the sign, one to three and no lone zero before it. */
function isGroup(token: string, sign: string): boolean {
  const [head = "", tail = ""] = token.split(sign);
  return tail.length === 3 && head.length <= 3 && head !== "0";
}

/** A figure as a number and the size of half its last digit; null for versions, dates, lists. */
export function parseFigure(
  token: string,
  sign: DecimalSign,
): { value: number; half: number } | null {
  const group = sign === "." ? "," : ".";
  const parts = token.split(sign);
  const [whole = "", tail = ""] = parts;
  if (parts.length > 2) return groupedOnly(token, sign);
  const groups = whole.split(/[,.'\u2019\u00a0\u202f\u2009 ]/);
  if (groups.length > 1 && !isGrouped(groups)) return null;
  if (tail.includes(group) || /\D/.test(tail)) return null;
  const value = Number(`${groups.join("")}.${tail === "" ? "0" : tail}`);
  return Number.isFinite(value) ? { value, half: 0.5 * 10 ** -tail.length } : null;
}

/** `1.234.567` under a decimal dot is a version; only groups of three make one number. */
function groupedOnly(token: string, sign: DecimalSign): { value: number; half: number } | null {
  const groups = token.split(sign);
  if (!isGrouped(groups) || groups.length < 3) return null;
  return { value: Number(groups.join("")), half: 0.5 };
}

function isGrouped(groups: readonly string[]): boolean {
  return groups.every((one, i) =>
    i === 0 ? one.length >= 1 && one.length <= 3 : one.length === 3 && /^\d+$/.test(one),
  );
}
