/**
 * Runs `last` whatever becomes of `run`. The first error is the one that is thrown; one of `last`
 * behind another goes to `onSecond`.
 */
export async function withLast<T>(
  run: () => Promise<T>,
  last: () => Promise<unknown>,
  onSecond: (cause: unknown) => void,
): Promise<T> {
  let result: T;
  try {
    result = await run();
  } catch (cause) {
    await last().catch(onSecond);
    throw cause;
  }
  await last();
  return result;
}

/** As `withLast`, where nobody waits. */
export function withLastSync<T>(
  run: () => T,
  last: () => void,
  onSecond: (cause: unknown) => void,
): T {
  let result: T;
  try {
    result = run();
  } catch (cause) {
    try {
      last();
    } catch (second) {
      onSecond(second);
    }
    throw cause;
  }
  last();
  return result;
}
