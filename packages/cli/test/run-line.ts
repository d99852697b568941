import { runCli } from "../src/run.ts";
import type { ExitCode } from "../src/process/host.ts";
import { createTestHost, type TestHostOptions } from "./test-host.ts";

export interface Ended {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line inside the test; words in double quotes stay together. */
export async function runLine(line: string, o: TestHostOptions = {}): Promise<Ended> {
  const host = createTestHost(wordsOf(line), o);
  const exit = await runCli(host);
  return { exit, out: host.out(), err: host.err() };
}

/** The words of a line as a shell reads them, double quotes its only quotes. */
export function wordsOf(line: string): string[] {
  return Array.from(
    line.matchAll(/"([^"]*)"|(\S+)/g),
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}
