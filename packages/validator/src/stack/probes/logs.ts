import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { NothingThere } from "../wire/fault.ts";
import { readLogLine } from "../wire/log-signature.ts";
import { readTail } from "../wire/tail.ts";

type LogsProbe = StackProbe<ServiceOf<"logs">>;

const shared = { kind: "logs", needs: [], checklist: ["R1-27"] } as const;
const category = "Monitoring & Observability";
const shownMax = 20;
/** Enough for the last line of a log. */
const tailBytes = 1_048_576;

interface Group {
  count: number;
  first: string;
  last: string;
}

const errors: LogsProbe = {
  ...shared,
  check: "errors",
  summary: "errors by signature",
  checklist: ["R1-27", "R4-32"],
  severity: "high",
  claim: (service) => ({
    statement: "its logs hold no error whose signature is not known",
    category,
    rationale: "A new error in a log is the first sign of what users meet next.",
    parts: service.files,
  }),
  saboteur: [
    {
      when: "app.log",
      reply: '{"time":"2026-01-02T03:04:05Z","level":"error","msg":"disk 7 full"}',
    },
  ],
  async run(context) {
    const { files, readBytesMax, known } = context.service;
    const all: StackSeen[] = [];
    const empty: string[] = [];
    for (const part of files) {
      const { lines, isWhole } = await readTail(part, readBytesMax);
      if (lines.length === 0) {
        empty.push(part);
        continue;
      }
      const groups = new Map<string, Group>();
      let before = "";
      const mask = (text: string): string => context.excerpt(text, Number.POSITIVE_INFINITY);
      for (const line of lines) {
        const { isError, signature, time } = readLogLine(line, mask);
        before = time ?? before;
        if (!isError) continue;
        const at = time ?? before;
        const group = groups.get(signature) ?? { count: 0, first: at, last: at };
        groups.set(signature, { ...group, count: group.count + 1, last: at });
      }
      const fresh = [...groups].filter(([signature]) => !known.includes(signature));
      const told = fresh.slice(0, shownMax).map(([signature, { count, first, last }]) => {
        const when = first === "" ? "at an unknown time" : `from ${first} to ${last}`;
        return `${count} x ${JSON.stringify(signature)} ${when}`;
      });
      const half = isWhole ? "" : ` (the last ${readBytesMax} bytes)`;
      const found = fresh.length === 0 ? "" : `: ${told[0] ?? ""}`;
      const seen = `${lines.length} lines${half}, ${groups.size} signatures of errors, ${fresh.length} not known${found}.`;
      const reproduce = ["grep", "-nE", "ERROR|FATAL|CRITICAL|error", part];
      all.push({ ok: fresh.length === 0, seen, raw: told.join("\n"), part, reproduce });
    }
    if (empty.length === 0) return all;
    // One that was never written to looks the same; it hides no error of another file.
    const bad = all.filter(({ ok }) => !ok);
    if (bad.length > 0) return bad;
    const first = empty.slice(0, 3).join(", ");
    throw new NothingThere(
      `${empty.length} of ${files.length} files hold no line, which tells of no errors (${first}).`,
    );
  },
};

const structured: LogsProbe = {
  ...shared,
  check: "structured",
  summary: "lines a machine can read",
  severity: "low",
  claim: (service) =>
    service.structured
      ? {
          statement: "every line of its logs is JSON with a time and a level",
          category,
          rationale: "What a machine cannot read is looked for by hand, at night.",
          parts: service.files,
        }
      : null,
  saboteur: [{ when: "app.log", reply: "started on port 80" }],
  async run(context) {
    const { files, readBytesMax } = context.service;
    const all: StackSeen[] = [];
    for (const part of files) {
      const { lines } = await readTail(part, readBytesMax);
      const plain = lines.filter((line) => !readLogLine(line).isStructured);
      const ok = lines.length > 0 && plain.length === 0;
      const seen = `${lines.length - plain.length} of ${lines.length} lines are JSON with time and level.`;
      all.push({ ok, seen, part, reproduce: ["jq", "-c", "{time,level,msg}", part] });
    }
    return all;
  },
};

const active: LogsProbe = {
  ...shared,
  check: "active",
  summary: "something is written",
  severity: "medium",
  claim: (service) =>
    service.freshSeconds === undefined
      ? null
      : {
          statement: `each log was written to within ${service.freshSeconds} s`,
          category,
          rationale: "A log nobody writes to shows no errors either.",
          parts: service.files,
        },
  saboteur: [{ when: "mtime", reply: "86400" }],
  async run(context) {
    const { files, freshSeconds = 0 } = context.service;
    const all: StackSeen[] = [];
    for (const part of files) {
      const { changedMs, lines } = await readTail(part, tailBytes);
      const seconds = (context.clock.wallMs() - changedMs) / 1_000;
      // A time ahead of ours says nothing of how fresh it is.
      const ok = Math.abs(seconds) <= freshSeconds && lines.length > 0;
      const when =
        seconds < 0 ? `${(-seconds).toFixed(0)} s in the future` : `${seconds.toFixed(0)} s ago`;
      const seen = `The last change was ${when}${lines.length === 0 ? ", and the file is empty" : ""}.`;
      all.push({ ok, seen, part, reproduce: ["stat", "-c", "%y %s", part] });
    }
    return all;
  },
};

/** Checks of log files. */
export const logsProbes: readonly LogsProbe[] = [errors, structured, active];
