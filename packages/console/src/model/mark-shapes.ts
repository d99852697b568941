import type { Disposition, Outcome, Verdict } from "@loadline/contract";

/** One SVG element of a mark, in a 16 by 16 box. `fill` and `line` name theme colours. */
export interface MarkShape {
  readonly tag: "circle" | "path";
  readonly attributes: Readonly<Record<string, string>>;
}

const ink = { stroke: "currentColor", "stroke-width": "1.6", fill: "none" };
const glyph = {
  class: "mark-glyph",
  fill: "none",
  "stroke-width": "2",
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
};
const path = (d: string, more: Readonly<Record<string, string>>): MarkShape => ({
  tag: "path",
  attributes: { d, ...more },
});

/** The shape of each verdict: told apart without colour, and by outline alone. */
export const markShapes: Readonly<Record<Verdict, readonly MarkShape[]>> = {
  passed: [
    { tag: "circle", attributes: { cx: "8", cy: "8", r: "7", fill: "currentColor" } },
    path("M4.8 8.3l2.2 2.2 4.3-4.8", glyph),
  ],
  failed: [
    path("M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z", {
      fill: "currentColor",
    }),
    path("M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2", glyph),
  ],
  inconclusive: [
    path("M8 1.1l6.9 6.9L8 14.9 1.1 8z", ink),
    path("M8 1.1V14.9L1.1 8z", { fill: "currentColor" }),
    path("M9.2 6.2c1.9-1 3.1.3 2.2 1.3-.6.7-1.2.8-1.2 1.7M10.2 10.9v.2", {
      ...ink,
      "stroke-width": "1.2",
      "stroke-linecap": "round",
    }),
  ],
  not_tested: [
    {
      tag: "circle",
      attributes: { cx: "8", cy: "8", r: "6.2", ...ink, "stroke-dasharray": "2.6 2.269" },
    },
  ],
  error: [
    path("M8 1.6l7 12.8H1z", { ...ink, "stroke-linejoin": "round" }),
    path("M2.2 12.6h11.6M3.3 10.6h2.7M10 10.6h2.7", {
      ...ink,
      "stroke-width": "1",
    }),
    path("M8 5.8v3.6M8 11.2v.1", { ...ink, "stroke-width": "2", "stroke-linecap": "round" }),
  ],
};

/** The square that is laid round the mark of a waived claim. */
const waivedFrame: MarkShape = {
  tag: "path",
  attributes: { d: "M.6.6h14.8v14.8H.6z", class: "mark-frame", fill: "none" },
};

/** Stands in place of the mark of a claim that does not apply. */
const notApplicableDash: MarkShape = {
  tag: "path",
  attributes: { d: "M2 8h12", class: "mark-frame mark-dash", fill: "none" },
};

/** The shapes of a claim's mark: a waived one keeps its verdict's inside a square. */
export function shapesOf(verdict: Verdict, disposition?: Disposition): readonly MarkShape[] {
  if (disposition === undefined) return markShapes[verdict];
  return disposition === "waived" ? [...markShapes[verdict], waivedFrame] : [notApplicableDash];
}

/** Each outcome wears the mark of the verdict that decides it. */
export const outcomeMarks: Readonly<Record<Outcome, Verdict>> = {
  READY: "passed",
  NOT_READY: "failed",
  NOT_PROVEN: "inconclusive",
};
