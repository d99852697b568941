/** No API nests its answers so deep; what is deeper could not be written anew. */
const levelsMax = 500;

/**
 * Whether a JSON text nests deeper than 500 levels: `JSON.parse` reads that, `JSON.stringify` ends
 * with the stack. Brackets inside of strings are text.
 */
export function isTooDeep(text: string): boolean {
  if (text.length <= levelsMax) return false;
  let levels = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isString = false;
    } else if (code === 0x22) isString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++levels > levelsMax) return true;
    } else if (code === 0x5d || code === 0x7d) levels--;
  }
  return false;
}
