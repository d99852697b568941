/** The error codes of this package, in the row shape of `kit/errors` (console may not import kit). */
export const consoleErrorTable = {
  LL_CONSOLE_ASSETS: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "The report's page bundle is missing or incomplete.",
    remedy: "Run `npx vite build packages/console` in the repository, then the command again.",
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
