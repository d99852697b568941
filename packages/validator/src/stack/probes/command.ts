import type { StackProbe, StackSeen } from "../probe.ts";
import { textFault } from "../services/expectation.ts";
import type { ServiceOf } from "../services/index.ts";
import { ToolMissing, WireFault } from "../wire/fault.ts";
import { type ProgramEnd, runProgram } from "../wire/program.ts";
import { outOfTime } from "./out-of-time.ts";

type Command = ServiceOf<"command">["commands"][string];

/** How a program did not end as declared; null when it did. */
function endFault({ exit, ...expected }: Command, end: ProgramEnd): string | null {
  if (end.exit !== exit) return `ended ${end.why}, not with ${exit}`;
  const fault = textFault(expected, end.stdout);
  return fault === null ? null : `wrote what ${fault}`;
}

/** How one program ended. @throws ToolMissing */
async function programSeen(
  part: string,
  command: Command,
  signal: AbortSignal,
): Promise<StackSeen> {
  const { run } = command;
  try {
    const end = await runProgram(run, signal);
    const fault = endFault(command, end);
    const raw = `${end.stdout}${end.stderr}`;
    const said = fault ?? `ended ${end.why}, as declared`;
    return { part, ok: fault === null, seen: `${part}: it ${said}.`, raw, reproduce: run };
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    return { part, ok: false, seen: `${part}: ${error.message}.`, reproduce: run };
  }
}

const ends: StackProbe<ServiceOf<"command">> = {
  kind: "command",
  check: "ends",
  summary: "declared programs, as a shell script ran them",
  needs: [],
  checklist: ["R1-37"],
  severity: "high",
  claim({ commands }) {
    const parts = Object.keys(commands);
    return {
      statement: `each of ${parts.join(", ")} ends, and writes, as declared`,
      category: "Testing & Quality",
      rationale: "A check of a script whose exit code nobody keeps was never made.",
      parts,
    };
  },
  saboteur: [{ when: "count", reply: "7" }],
  async run(context) {
    const all: StackSeen[] = [];
    const missing: ToolMissing[] = [];
    for (const [part, command] of Object.entries(context.service.commands)) {
      const { run: reproduce } = command;
      if (context.signal.aborted) {
        all.push(outOfTime(part, reproduce));
        continue;
      }
      try {
        all.push(await programSeen(part, command, context.signal));
      } catch (error) {
        if (!(error instanceof ToolMissing)) throw error;
        missing.push(error);
        const seen = `${part}: ${error.message}`;
        all.push({ part, ok: false, isUntold: true, seen, reproduce });
      }
    }
    // What another program showed is kept.
    if (missing[0] !== undefined && all.every(({ isUntold }) => isUntold === true))
      throw missing[0];
    return all;
  },
};

/** Checks of programs, in the order they run. */
export const commandProbes: readonly StackProbe[] = [ends];
