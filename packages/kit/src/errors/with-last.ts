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
