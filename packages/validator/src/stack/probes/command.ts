import type { StackProbe, StackSeen } from "../probe.ts";
import { textFault } from "../services/expectation.ts";
import type { ServiceOf } from "../services/index.ts";
import { WireFault } from "../wire/fault.ts";
import { type ProgramEnd, runProgram } from "../wire/program.ts";

type Command = ServiceOf<"command">["commands"][string];

/** Of an output in a finding. */
const shownCharsMax = 1_024;

/** How a program did not end as declared; null when it did. */
function endFault({ exit, ...expected }: Command, end: ProgramEnd): string | null {
  if (end.exit !== exit) return `ended ${end.why}, not with ${exit}`;
  const fault = textFault(expected, end.stdout);
  return fault === null ? null : `wrote what ${fault}`;
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
    for (const [part, command] of Object.entries(context.service.commands)) {
      const { run } = command;
      const reproduce = run;
      try {
        const end = await runProgram(run, context.signal);
        const fault = endFault(command, end);
        const raw = `${end.stdout}${end.stderr}`.slice(0, shownCharsMax).toWellFormed();
        const said = fault ?? `ended ${end.why}, as declared`;
        all.push({ part, ok: fault === null, seen: `${part}: it ${said}.`, raw, reproduce });
      } catch (error) {
        if (!(error instanceof WireFault)) throw error;
        all.push({ part, ok: false, seen: `${part}: ${error.message}.`, reproduce });
      }
    }
    return all;
  },
};

/** Checks of programs, in the order they run. */
export const commandProbes: readonly StackProbe[] = [ends];
