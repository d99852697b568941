/**
 * What is known of a value against a schema: a fault where it differs, nothing where it fits, and
 * else the words that nobody here judged, on which it rests whether it fits.
 */
export interface Judged {
  /** How it differs, one clause with its path; null where nothing that was judged differs. */
  readonly fault: string | null;
  /** What was not judged, one clause each; at most 10. */
  readonly open: readonly string[];
}

const openMax = 10;

export const fits: Judged = { fault: null, open: [] };
export const differs = (fault: string): Judged => ({ fault, open: [] });
export const untold = (what: string): Judged => ({ fault: null, open: [what] });

export const isFit = ({ fault, open }: Judged): boolean => fault === null && open.length === 0;
const isOpen = ({ fault, open }: Judged): boolean => fault === null && open.length > 0;

const joined = (lists: readonly (readonly string[])[]): string[] =>
  [...new Set(lists.flat())].slice(0, openMax);

/** All are to fit: the first fault counts, and nothing behind it is judged any more. */
export function every<T>(all: Iterable<T>, judge: (one: T, index: number) => Judged): Judged {
  let open: readonly string[] = [];
  let index = 0;
  for (const one of all) {
    const judged = judge(one, index++);
    if (judged.fault !== null) return judged;
    if (judged.open.length > 0) open = joined([open, judged.open]);
  }
  return open.length === 0 ? fits : { fault: null, open };
}

/** So many of the parts are to fit; one that was not judged may be among them or not. */
export function fitting(
  parts: readonly Judged[],
  bounds: { readonly least: number; readonly most: number },
  says: (count: number) => string,
): Judged {
  const sure = parts.filter(isFit).length;
  const open = parts.filter(isOpen);
  if (sure > bounds.most) return differs(says(sure));
  if (sure + open.length < bounds.least) return differs(says(sure));
  if (sure >= bounds.least && sure + open.length <= bounds.most) return fits;
  return { fault: null, open: joined(open.map((one) => one.open)) };
}
