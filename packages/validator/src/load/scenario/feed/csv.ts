import { feedInvalid } from "./table.ts";

/** Called with each record and the line it begins on, 1-based. */
export type RecordSink = (fields: string[], line: number) => void;

/**
 * Reads CSV of RFC 4180: commas, quotes doubled within quotes, line ends within quotes. What the
 * RFC leaves open is refused, with its line: a quote inside a plain field, text after a closing
 * quote, a quote never closed, an empty line before the end.
 */
export function readCsv(file: string, text: string, sink: RecordSink): void {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const fields: string[] = [];
    const began = line;
    const start = at;
    for (;;) {
      const field = text[at] === '"' ? quoted(file, text, at, line) : plain(file, text, at, line);
      fields.push(field.value);
      line += field.lines;
      at = field.end;
      if (text[at] !== ",") break;
      at++;
    }
    if (at === start && at < text.length) {
      if (/\S/.test(text.slice(at))) throw feedInvalid(file, began, "an empty line");
      return;
    }
    sink(fields, began);
    if (text[at] === "\r") at++;
    at++;
    line++;
  }
}

interface Field {
  readonly value: string;
  /** Index behind the field: a comma, a line end or the end of the text. */
  readonly end: number;
  /** Line ends inside it. */
  readonly lines: number;
}

function plain(file: string, text: string, start: number, line: number): Field {
  let end = start;
  for (; end < text.length; end++) {
    const char = text.charCodeAt(end);
    if (char === 44 || char === 10) break;
    if (char === 13 && text.charCodeAt(end + 1) === 10) break;
    if (char === 34) throw feedInvalid(file, line, "a quote inside a field without quotes");
  }
  return { value: text.slice(start, end), end, lines: 0 };
}

function quoted(file: string, text: string, start: number, line: number): Field {
  let value = "";
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) throw feedInvalid(file, line, "a quote that is never closed");
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return close(file, text, { value, quote, line });
    value += '"';
    from = quote + 2;
  }
}

function close(
  file: string,
  text: string,
  o: { value: string; quote: number; line: number },
): Field {
  const { value, quote, line } = o;
  const end = quote + 1;
  const next = text.slice(end, end + 2);
  if (next !== "" && !/^(?:,|\n|\r\n)/.test(next)) {
    throw feedInvalid(file, line, "text after a closing quote");
  }
  return { value, end, lines: value.split("\n").length - 1 };
}
