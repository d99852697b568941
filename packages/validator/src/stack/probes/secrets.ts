import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "@loadline/kit/errors";
import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { NothingThere, WireFault } from "../wire/fault.ts";
import { lineBatches } from "../wire/file-lines.ts";
import { filesUnder } from "../wire/files-under.ts";
import { type SecretFound, secretsIn } from "../wire/secret-formats.ts";
import { askWeb } from "../wire/web.ts";
import { plantedOf, secretsImages } from "./secrets-images.ts";

type SecretsProbe = StackProbe<ServiceOf<"secrets">>;
type SecretsContext = StackContext<ServiceOf<"secrets">>;

const shared = {
  kind: "secrets",
  needs: [],
  checklist: ["R1-26"],
  severity: "critical",
} as const;
const category = "Security & Compliance";
const shownMax = 10;
const foundMax = 200;

/** Logins that manufacturers ship; public knowledge, so shown. */
const defaultLogins = [
  ["admin", "admin"],
  ["admin", "password"],
  ["minioadmin", "minioadmin"],
  ["neo4j", "neo4j"],
  ["guest", "guest"],
  ["root", "root"],
] as const;

async function search(context: SecretsContext, part: string): Promise<StackSeen> {
  const planted = plantedOf(context);
  const told: Told[] = [];
  let lines = 0;
  const files = await filesUnder(part);
  try {
    for (const file of files) {
      for await (const batch of lineBatches(file, context.signal)) {
        lines += batch.lines.length;
        if (told.length >= foundMax) continue;
        for (const found of secretsIn(batch.lines, planted)) {
          const line = batch.first + found.line - 1;
          tell(told, { file, line, text: `${file}:${line} ${said(found)}` });
        }
      }
    }
  } catch (error) {
    // What was found before the time ended is told; without a find nothing is.
    if (!(error instanceof NothingThere) || told.length === 0) throw error;
  }
  const [first] = told;
  const where = first === undefined ? "" : `, the first at ${first.text}`;
  const seen = `${lines} lines of ${files.length} files, ${told.length} secrets${where}.`;
  // A line number instead of the line: the command shows where, to whoever may see it.
  const reproduce = ["sed", "-n", `${first?.line ?? 1}p`, first?.file ?? part];
  const raw = told
    .slice(0, shownMax)
    .map(({ text }) => text)
    .join("\n");
  return { ok: told.length === 0 && files.length > 0, seen, raw, part, reproduce };
}

interface Told {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Pieces of one line share their border: a find there comes twice and is told once. */
function tell(told: Told[], one: Told): void {
  if (told.at(-1)?.text !== one.text) told.push(one);
}

const said = ({ kind, characters }: SecretFound): string => `${kind} (${characters} characters)`;

const files: SecretsProbe = {
  ...shared,
  check: "files",
  summary: "no secret in configuration files",
  claim: (service) =>
    service.files.length === 0
      ? null
      : {
          statement: "its configuration files hold no secret in a known format and no planted one",
          category,
          rationale: "What is in a file is in every copy and every backup of it.",
          parts: service.files,
        },
  saboteur: [{ when: "app.yaml", reply: "aws: AKIAQQQQQQQQQQQQQQQQ" }],
  run: async (context) => {
    const all: StackSeen[] = [];
    for (const part of context.service.files) all.push(await search(context, part));
    return all;
  },
};

const logs: SecretsProbe = {
  ...shared,
  check: "logs",
  summary: "no secret in logs",
  claim: (service) =>
    service.logs.length === 0
      ? null
      : {
          statement: "its logs hold no secret in a known format and no planted one",
          category,
          rationale: "Logs are read by more people than any vault.",
          parts: service.logs,
        },
  saboteur: [{ when: "app.log", reply: "using $PLANTED to connect" }],
  run: async (context) => {
    const all: StackSeen[] = [];
    for (const part of context.service.logs) all.push(await search(context, part));
    return all;
  },
};

const environment: SecretsProbe = {
  ...shared,
  check: "environment",
  summary: "no foreign secret in an environment",
  severity: "high",
  claim: (service) =>
    service.pids.length === 0
      ? null
      : {
          statement: "the environments of its processes hold no secret in a maker's own format",
          category,
          rationale: "An environment is handed on to every child and every crash report.",
          parts: service.pids.map(String),
        },
  saboteur: [{ when: "environ", reply: "HOOK=xoxb-000000000000-sabotage" }],
  async run(context) {
    const all: StackSeen[] = [];
    for (const pid of context.service.pids) {
      const path = join(context.service.procRoot, String(pid), "environ");
      const text = await readFile(path, "utf8").catch((cause: unknown) => {
        const why = codeOf(cause);
        throw new WireFault("protocol", `the environment of ${pid} cannot be read (${why})`);
      });
      const pairs = text.split("\0").filter((pair) => pair !== "");
      if (pairs.length === 0) {
        throw new NothingThere(
          `The environment of ${pid} shows no variable: it ended or hides it.`,
        );
      }
      const found = secretsIn(pairs, new Map());
      const told = found.map(
        ({ line, kind }) => `${(pairs[line - 1] ?? "").split("=")[0] ?? ""}: ${kind}`,
      );
      const named = told.length === 0 ? "" : ` (${told.slice(0, shownMax).join("; ")})`;
      const seen = `${pairs.length} variables of ${pid}, ${found.length} secrets${named}.`;
      const reproduce = ["sh", "-c", `tr '\\0' '\\n' < ${path} | cut -d= -f1`];
      all.push({ ok: found.length === 0, seen, part: String(pid), reproduce });
    }
    return all;
  },
};

const logins: SecretsProbe = {
  ...shared,
  check: "logins",
  summary: "no door opens to a login of its maker",
  claim: (service) =>
    service.logins.length === 0
      ? null
      : {
          statement: "each door asks for a login and refuses those that makers ship",
          category,
          rationale: "Default logins are the first thing anybody tries.",
          parts: service.logins.map(({ url }) => url),
        },
  saboteur: [{ when: "GET /login admin:admin", reply: "welcome" }],
  async run(context) {
    const all: StackSeen[] = [];
    for (const { url } of context.service.logins) {
      const asked = { ...context, service: { url } };
      const bare = await askWeb(asked, { path: url, login: "none" });
      let seen = `It answers ${bare.status} without a login and to ${defaultLogins.length} logins of makers.`;
      let ok = bare.status === 401 || bare.status === 403;
      let reproduce = bare.curl;
      if (!ok) seen = `It answers ${bare.status} without any login.`;
      for (const [user, password] of ok ? defaultLogins : []) {
        const answer = await askWeb(asked, { path: url, login: { user, password } });
        if (answer.status === 401 || answer.status === 403) continue;
        if (answer.status === 429) {
          throw new NothingThere(`${url} lets nobody try any more logins (429).`);
        }
        ok = false;
        seen = `It answers ${answer.status} to ${user} with a maker's password.`;
        reproduce = answer.curl;
        break;
      }
      all.push({ ok, seen, part: url, reproduce });
    }
    return all;
  },
};

/** Checks for secrets where none may be. */
export const secretsProbes: readonly SecretsProbe[] = [
  files,
  logs,
  secretsImages,
  environment,
  logins,
];
