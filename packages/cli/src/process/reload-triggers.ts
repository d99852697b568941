import type { CliHost } from "./host.ts";
import { watchFile } from "./watch-file.ts";

/** What a reload answered, as far as the terminal is told. */
export interface ReloadAnswer {
  readonly outcome: string;
  readonly changed: readonly string[];
  readonly problem?: string;
}

/** Reloads at SIGHUP and when the file's content changes; each outcome is one line. */
export function watchReloads(
  host: CliHost,
  path: string,
  reload: () => Promise<ReloadAnswer>,
): Disposable {
  const say = ({ outcome, changed, problem }: ReloadAnswer): void => {
    const what = problem ?? (changed.length === 0 ? "nothing changed" : changed.join(", "));
    host.stderr.write(`reload ${outcome}: ${what}\n`);
  };
  const tell =
    (what: string) =>
    (cause: unknown): void => {
      const text = cause instanceof Error ? cause.message : String(cause);
      host.stderr.write(`${what} (${text})\n`);
    };
  const onFailure = tell(`${path} is not watched, SIGHUP reloads it`);
  const run = (): void => void reload().then(say, tell("reload failed"));
  const offHangup = host.onSignal("SIGHUP", run);
  const file = watchFile(path, { clock: host.clock, onChange: run, onFailure });
  return {
    [Symbol.dispose]() {
      offHangup();
      file[Symbol.dispose]();
    },
  };
}
