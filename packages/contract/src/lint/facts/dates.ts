const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const dayMs = 86_400_000;

/** The first day a text names, as days since 1970; null without one. Reads ISO and spelled months. */
export function dayOf(text: string): number | null {
  const iso = /\b(\d{4})-(\d{2})-(\d{2})\b/.exec(text);
  if (iso !== null) return dayFrom(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const spelled = /\b(\d{1,2})\.? ([a-z]{3})[a-z]{0,6}\.? (\d{4})\b/i.exec(text);
  if (spelled !== null) return spelledDay(spelled[2], Number(spelled[1]), Number(spelled[3]));
  const turned = /\b([a-z]{3})[a-z]{0,6}\.? (\d{1,2}),? (\d{4})\b/i.exec(text);
  return turned === null ? null : spelledDay(turned[1], Number(turned[2]), Number(turned[3]));
}

function spelledDay(month: string | undefined, day: number, year: number): number | null {
  const index = months.indexOf((month ?? "").toLowerCase());
  return index === -1 ? null : dayFrom(year, index + 1, day);
}

function dayFrom(year: number, month: number, day: number): number | null {
  if (year < 1990 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) return null;
  return Date.UTC(year, month - 1, day) / dayMs;
}
