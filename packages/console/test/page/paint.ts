/** One call of a canvas, with the state it was painted in. */
export interface PaintCall {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly fillStyle: unknown;
  readonly globalAlpha: unknown;
}

/** A canvas context that keeps what it is told to paint. */
export interface Paint {
  readonly calls: PaintCall[];
  readonly context: object;
}

/** A context whose every method is recorded; text is eight pixels a character. */
export function createPaint(): Paint {
  const calls: PaintCall[] = [];
  const state: Record<string, unknown> = { globalAlpha: 1 };
  const context = new Proxy(state, {
    get: (own, name) => {
      if (typeof name === "symbol") return undefined;
      if (name in own) return own[name];
      if (name === "measureText") return (text: string) => ({ width: text.length * 8 });
      return (...args: readonly unknown[]): void => {
        const { fillStyle, globalAlpha } = own;
        calls.push({ name, args, fillStyle, globalAlpha });
      };
    },
  });
  return { calls, context };
}
