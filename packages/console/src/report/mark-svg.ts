import type { Disposition, Verdict } from "@loadline/contract/browser";
import { shapesOf } from "../model/mark-shapes.ts";

/** The mark of a verdict as SVG text; its word always stands beside it. */
export function markSvg(verdict: Verdict, disposition?: Disposition): string {
  const drawn = shapesOf(verdict, disposition).map(({ tag, attributes }) => {
    const list = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
    return `<${tag}${list.join("")}/>`;
  });
  const kind = `mark mark-${verdict}`;
  return `<svg class="${kind}" viewBox="0 0 16 16" aria-hidden="true">${drawn.join("")}</svg>`;
}
