/** The member of a value at a dotted path (`a.b.0`); undefined where there is none. */
export function valueAt(value: unknown, path: string): unknown {
  let here = value;
  for (const part of path.split(".")) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, part)) return undefined;
    const member: unknown = Reflect.get(here, part);
    here = member;
  }
  return here;
}
