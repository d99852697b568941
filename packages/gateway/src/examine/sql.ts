import type { Clock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import type { GatewayConfig } from "../config/schema.ts";
import { sqlUrl } from "../state/config.ts";
import { sqlitePath } from "../state/open-store.ts";
import { schemaVersion, type SchemaState } from "../state/sql/migrations.ts";
import { rehearseSqlite } from "../state/sqlite/migrate.ts";
import { type PartFinding, placeOf, wordsOf } from "./finding.ts";

const id = "sql";
const tried = `every step to ${schemaVersion} was tried and taken back`;

/** The SQL store: that it answers, that its schema is this build's, that the steps to it are taken. */
export async function examineSql(
  config: Pick<GatewayConfig, "stateDir" | "stores">,
  clock: Clock,
): Promise<readonly PartFinding[]> {
  const url = sqlUrl(config.stores.sql);
  const path = sqlitePath(url, config.stateDir);
  const where = path ?? `PostgreSQL at ${placeOf(url, "5432")}`;
  try {
    const startMs = clock.monotonicMs();
    const schema = path === undefined ? await rehearseServer(url) : rehearseFile(path, clock);
    const ms = Math.round(clock.monotonicMs() - startMs);
    const is = schema === undefined ? `${where}: none yet, a start makes it` : `${where} answers`;
    const answers = { id, found: true, required: true, detail: `${is} (${ms} ms)` };
    return [answers, ...(schema === undefined ? [] : [schemaFinding(schema)])];
  } catch (cause) {
    const code = codeOf(cause, "");
    const isSchema = ["LL_STATE_SCHEMA_NEWER", "LL_STATE_MIGRATION"].includes(code);
    const detail = `${where}: ${code} ${wordsOf(cause)}`;
    return [{ id: isSchema ? "schema" : id, found: false, required: true, detail }];
  }
}

function schemaFinding({ version }: SchemaState): PartFinding {
  const found = version === schemaVersion;
  const is = found ? `${version} of ${schemaVersion}` : `${version}, this build's ${schemaVersion}`;
  return { id: "schema", found, required: true, detail: `${is}: ${tried}` };
}

async function rehearseServer(url: string): Promise<SchemaState> {
  // The driver costs a look without PostgreSQL nothing.
  const { rehearsePostgres } = await import("../state/postgres/migrate.ts");
  return rehearsePostgres(url);
}

function rehearseFile(path: string, clock: Clock): SchemaState | undefined {
  using scratch = makeScratchFolder("loadline-schema-");
  return rehearseSqlite(path, scratch.path, clock.wallMs());
}
