import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawKey, formatKey } from "../../packages/gateway/src/identity/keys/key-format.ts";
import { openPostgresStore } from "../../packages/gateway/src/state/postgres/open.ts";
import { eventually, startTcpProxy, type TcpProxy } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";
import { expectOptional, runRounds } from "./fail-modes/expect-row.ts";
import { modeNames, modesOf } from "./fail-modes/modes.ts";
import { type FailModeSubject, startSubject } from "./fail-modes/subject.ts";
import { skipNotTested } from "./machine.ts";

const parts = await requireParts(["postgres-15"]);
const clock = systemClock();
/** Three times as long as the gateway waits for a statement. */
const slowMs = 3000;
const readyMs = 30_000;

describe.skipIf(parts.missing)("PostgreSQL, which the data plane can do without", () => {
  let server: RunningPostgres;
  let proxy: TcpProxy;
  let subject: FailModeSubject;
  beforeAll(async () => {
    server = await startPostgres(parts.found("postgres-15").path, { clock });
    proxy = await startTcpProxy({ clock, targetPort: server.port });
    const url = new URL(server.url);
    url.port = String(proxy.port);
    subject = await startSubject(clock, { sql: String(url) });
  }, 240_000);
  afterAll(async () => {
    server.thaw();
    await subject[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** Records of usage in the database, past the proxy. */
  async function recorded(): Promise<number> {
    await using store = await openPostgresStore(server.url, clock, { callMs: 30_000 });
    return (await store.repositories.usage.sums([]))[0]?.requests ?? 0;
  }

  /** What a key gets that no cache knows. */
  async function refusal(seed: number): Promise<string> {
    const stranger = formatKey(drawKey("local", seededRandom(seed)));
    const headers = { authorization: `Bearer ${stranger}` };
    const answer = await fetch(`${subject.url}/v1/models`, { headers });
    const code = /"code":\s*"(LL_[A-Z_]+)"/.exec(await answer.text())?.[1];
    return `${answer.status} ${code ?? ""}`;
  }

  it.for([...modeNames])(
    "%s under 50 calls a second: known keys go on, unknown ones get 503, usage is kept and counted once",
    { timeout: 240_000 },
    async (name, context) => {
      const before = await recorded();
      const seen: string[] = [];
      let seed = name.length * 100;
      const round = await runRounds({
        clock,
        subject,
        component: "sql",
        mode: modesOf(server, proxy, slowMs)[name],
        whileAway: async () => void seen.push(await refusal(++seed)),
      });
      expect(new Set(seen)).toEqual(new Set(["503 LL_AUTH_UNAVAILABLE"]));
      const notes = expectOptional(round);
      const wanted = before + round.report.calls;
      await eventually(clock, async () => (await recorded()) >= wanted, readyMs);
      expect(await recorded()).toBe(wanted);
      skipNotTested(context, notes);
    },
  );
});
