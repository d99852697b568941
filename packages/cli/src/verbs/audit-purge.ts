import type { OfflineAudit, PurgedChain } from "@loadline/gateway";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { timeOf } from "./time-option.ts";
import type { VerbContext } from "./verb.ts";

/** `audit-log purge`: shows which whole days are past their retention; removes them with --yes. */
export async function purge(
  { host, args, json }: VerbContext,
  log: OfflineAudit,
  o: { readonly heads: string | undefined; readonly retentionDays: number },
): Promise<ExitCode> {
  const isPlan = !args.has("yes");
  const beforeMs = timeOf(args.text("before"), "before");
  const chains = await log.purge({ ...o, tenant: args.text("tenant"), beforeMs, isPlan });
  const text = json ? JSON.stringify({ removed: !isPlan, chains }) : linesOf(chains, isPlan);
  host.stdout.write(`${text}\n`);
  return 0;
}

function linesOf(chains: readonly PurgedChain[], isPlan: boolean): string {
  if (chains.length === 0) return "nothing is past its retention";
  const verb = isPlan ? "would remove" : "removed";
  const lines = chains.map(
    ({ tenant, from, through }) => `${verb} ${cleanText(tenant)} entries ${from} to ${through}`,
  );
  return [...lines, ...(isPlan ? ["run it again with --yes to remove them"] : [])].join("\n");
}
