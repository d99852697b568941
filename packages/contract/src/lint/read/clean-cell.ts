import { textMax } from "./block.ts";

const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  le: "\u2264",
  ge: "\u2265",
  ne: "\u2260",
  plusmn: "\u00b1",
  micro: "\u00b5",
  ndash: "\u2013",
  mdash: "\u2014",
  minus: "-",
  check: "\u2713",
  checkmark: "\u2713",
  cross: "\u2717",
  times: "\u00d7",
  thinsp: "\u2009",
  hellip: "\u2026",
  middot: "\u00b7",
  bull: "\u2022",
};

function decodeEntity(whole: string, name: string): string {
  if (!name.startsWith("#")) return Object.hasOwn(named, name) ? (named[name] ?? whole) : whole;
  const hex = name[1] === "x" || name[1] === "X";
  const code = Number.parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10);
  return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
}

/** Entities of HTML, also used in Markdown; unknown ones stay. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#?[a-zA-Z0-9]{1,10});/g, decodeEntity);
}

/** Struck-out words are no claim any more. */
function withoutStruck(text: string): string {
  if (!text.includes("~~")) return text;
  const parts = text.split("~~");
  if (parts.length % 2 === 0) return text;
  return parts.filter((_, i) => i % 2 === 0).join("");
}

/** Link text without its address: `[a](b)` reads `a`; bounded so that no input takes long. */
function withoutLinks(text: string): string {
  if (!text.includes("](")) return text;
  return text.replace(/!?\[([^[\]]{0,300})\]\([^()\s]{0,500}\)/g, "$1");
}

/** One line of a report without the signs of Markdown: emphasis, code ticks, links, escapes. */
export function cleanInline(raw: string): string {
  let text = raw.length > textMax ? raw.slice(0, textMax) : raw;
  text = withoutLinks(withoutStruck(text));
  text = text.replace(/(?<!\\)\*+|`+/g, "");
  if (text.includes("_"))
    text = text.replace(/(^|[^\w\\])_{1,3}(?=\S)|(?<=[^\s\\])_{1,3}(?!\w)/g, "$1");
  if (text.includes("\\")) text = text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
  return decodeEntities(text)
    .replace(/<\/?[a-zA-Z][^<>]{0,200}>/g, " ")
    .replace(/[\t ]+/g, " ")
    .trim();
}
