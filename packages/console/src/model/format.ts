import {
  formatFigure as figureText,
  formatInterval as intervalText,
  formatValue,
  type Figure,
  type Interval,
} from "@loadline/contract/browser";

/** What absence reads as; never 0, never blank. */
export const notMeasured = "not measured";

/** A figure as text, by contract's rules; an absent one reads "not measured". */
export const formatFigure = (figure: Figure | null): string =>
  figure === null ? notMeasured : figureText(figure);

/** An interval as text, by contract's rules; an absent one reads "not measured". */
export const formatInterval = (interval: Interval | null): string =>
  interval === null ? notMeasured : intervalText(interval);

export { formatValue };

/** A whole number as text. */
export const formatCount = (value: number): string => formatValue(value, "");

/** `2026-04-12 10:15Z` from an ISO time; anything else unchanged. */
export const formatMinute = (iso: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z` : iso;

/** A whole number taken from the model, as a figure. */
export const countFigure = (value: number, unit = ""): Figure => ({
  value,
  unit,
  provenance: "derived",
  refs: [],
});
