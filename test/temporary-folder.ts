import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Every test of a run, and every process that one starts, has its temporary files below one folder,
 * which goes with the run. Its name is short: the path of a socket has about a hundred bytes.
 */
export function setup(): () => void {
  const path = mkdtempSync(join(tmpdir(), "ll-"));
  // As the system's own: servers that will not run as root lay their data below it.
  chmodSync(path, 0o1777);
  process.env["TMPDIR"] = path;
  // A process of a test may still write as it ends: for seconds, a folder that fills again is emptied again.
  const patience = { maxRetries: 10, retryDelay: 200 };
  return () => rmSync(path, { recursive: true, force: true, ...patience });
}
