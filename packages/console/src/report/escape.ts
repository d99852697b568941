import { visibleText } from "../model/visible-text.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for element content and quoted attributes; control and bidi characters become codes. */
export const escapeHtml = (text: string): string =>
  visibleText(text).replace(/[&<>"']/g, (char) => entities[char] ?? char);
