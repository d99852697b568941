import { hostOf } from "@loadline/kit/egress";
import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { type ByteStream, openStream, streamTarget } from "./byte-stream.ts";
import { LacksFeature, WireFault } from "./fault.ts";
import { PostgresError, type PostgresSession, startSession } from "./postgres.ts";

export type PostgresService = ServiceOf<"postgres"> | ServiceOf<"timescaledb">;
export type PostgresContext = StackContext<PostgresService>;

/** The database of the service's URL. */
export const databaseOf = (context: PostgresContext): string =>
  decodeURIComponent(new URL(context.service.url).pathname.slice(1)) || context.service.user;

/** A connection nobody logged in on. @throws WireFault */
export function openPostgres(context: PostgresContext): Promise<ByteStream> {
  return openStream(streamTarget(context.service.url, 5432), context.signal);
}

/**
 * Runs `work` in a session of its own, logged in as the manifest says but for `o`.
 * @throws PostgresError for a refused login or statement, WireFault.
 */
export async function inPostgres<T>(
  context: PostgresContext,
  work: (session: PostgresSession) => Promise<T>,
  o: { database?: string; password?: string } = {},
): Promise<T> {
  using stream = await openPostgres(context);
  const { user, password } = context.service;
  const session = await startSession(stream, {
    user,
    database: o.database ?? databaseOf(context),
    password: o.password ?? context.secret(password),
    nonce: context.random.bytes(18),
  });
  return await work(session);
}

/** As `inPostgres`, where a refusal of the server is its fault: a WireFault with its words. */
export async function usePostgres<T>(
  context: PostgresContext,
  work: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  try {
    return await inPostgres(context, work);
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    throw new WireFault("protocol", `PostgreSQL said ${error.state}: ${error.message}`);
  }
}

/** No such function, table, column or word of the language: the version has it not. */
const unknownState = /^(42883|42P01|42703|42704|42601)$/;

/**
 * As `usePostgres`, for statements about the server alone, which name nothing that its owner made.
 * @throws LacksFeature where its version does not know what was asked, WireFault.
 */
export async function useCatalog<T>(
  context: PostgresContext,
  work: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  return await usePostgres(context, async (session) => {
    try {
      return await work(session);
    } catch (error) {
      if (!(error instanceof PostgresError) || !unknownState.test(error.state)) throw error;
      const version = context.facts.get("version") ?? "";
      throw new LacksFeature(
        `PostgreSQL ${version} does not know what was asked: ${error.state} ${error.message}.`,
      );
    }
  });
}

/** `psql` with the login of the manifest; the password is named, never shown. */
export function psql(context: PostgresContext, sql: string, database?: string): string[] {
  const { url, user, password } = context.service;
  const at = new URL(url);
  const env = password === undefined ? [] : ["env", `PGPASSWORD=${shownSecret(password)}`];
  const where = ["-h", hostOf(at), "-p", at.port === "" ? "5432" : at.port];
  return [...env, "psql", ...where, "-U", user, "-d", database ?? databaseOf(context), "-Atc", sql];
}
