/** The error codes of this package, in the row shape of `kit/errors` (console may not import kit). */
export const consoleErrorTable = {
  LL_CONSOLE_ASSETS: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "The report's page bundle is missing or incomplete.",
    remedy: "Run `npx vite build packages/console` in the repository, then the command again.",
  },
  LL_CONSOLE_VIEW: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "A view of the report failed; the outcome and the other views still hold.",
    remedy: "Open another view, or render again with `loadline report BUNDLE`.",
  },
  LL_CONSOLE_SCHEMA: {
    fault: "caller",
    retryable: false,
    exit: 3,
    summary: "The data of this page has a shape it does not read.",
    remedy: "Render the bundle again with `loadline report BUNDLE`.",
  },
} as const;

export type ConsoleErrorCode = keyof typeof consoleErrorTable;

/** An error of this package; `line` is what the command line prints. */
export class ConsoleError extends Error {
  readonly code: ConsoleErrorCode;
  readonly row: (typeof consoleErrorTable)[ConsoleErrorCode];

  constructor(code: ConsoleErrorCode, cause: unknown) {
    super(consoleErrorTable[code].summary, { cause });
    this.name = "ConsoleError";
    this.code = code;
    this.row = consoleErrorTable[code];
  }

  /** `CODE message remedy`. */
  get line(): string {
    return `${this.code} ${this.message} ${this.row.remedy}`;
  }
}
