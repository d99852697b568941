import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { quoteClosed } from "@loadline/contract/shell-line";
import type { LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../../errors.ts";
import { copiesOf } from "./copies.ts";

/**
 * LL_STATE_CORRUPT for the database of `path`, with the shell command that puts the newest copy of it
 * in its place, or a copy of whoever runs it. What is left of the log beside it belongs to the damaged
 * file and goes with it.
 */
export function damagedDatabase(path: string, why: string, cause?: unknown): LoadlineError {
  const file = resolve(path);
  const copy = copiesOf(file).at(-1);
  const from = copy === undefined ? "COPY" : quoted(copy);
  const [whole, wal, shm] = [file, `${file}-wal`, `${file}-shm`].map(quoted);
  const what = copy === undefined ? "A copy of yours" : "The newest copy beside it";
  const command = `rm -f ${wal} ${shm} && cp ${from} ${whole} && chmod 600 ${whole}`;
  const message = `${path}: ${why}. ${what} is restored by \`${command}\`.`;
  return gatewayErrors.make("LL_STATE_CORRUPT", message, { cause });
}

/** Reads every page once, some 0.3 s for each 100 MB. LL_STATE_CORRUPT. */
export function checkPages(db: DatabaseSync, path: string): void {
  const verdict = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
  if (verdict !== "ok") throw damagedDatabase(path, verdict.replaceAll(/\s+/g, " "));
}

const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : quoteClosed(path));
