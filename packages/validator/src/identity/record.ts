import { targetName } from "@loadline/contract";
import { createEgress, hostOf, parseHttpUrl } from "@loadline/kit/egress";
import type { Exchange, ProbeClient } from "../probes/client.ts";
import type { TargetContext } from "../run/stage.ts";
import { certificateKey } from "./certificate-key.ts";
import { factsIn, type IdentityFacts, tellsBuild } from "./facts.ts";
import { changedSince } from "./since.ts";

/** Routes at which services tell their build, asked in turn where the health route does not. */
const routes = ["/health", "/version"];
const handshakeMs = 5_000;

async function ask(client: ProbeClient, health: Exchange): Promise<IdentityFacts> {
  let told = factsIn(health);
  for (const path of routes) {
    // A target that does not answer is not asked again.
    if (tellsBuild(told) || health.status === null) return told;
    if (health.request.path === path) continue;
    const exchange = await client.send({ method: "GET", path, fromOrigin: true });
    if (exchange.status === null) return told;
    if (exchange.status === 200) told = { ...told, ...factsIn(exchange) };
  }
  return told;
}

/** The key of the target's certificate; null without TLS. */
function keyOf({ target, deps }: TargetContext): Promise<string | null> {
  const url = parseHttpUrl(target.manifest.url);
  if (url.protocol !== "https:") return Promise.resolve(null);
  const egress = createEgress({ allowHosts: [hostOf(url)] });
  const { clock, signal } = deps;
  return certificateKey(egress.connect(url), { clock, timeoutMs: handshakeMs, signal });
}

/**
 * Records which build a target is: what it tells, apart from it what the plan declares, and what
 * differs from the last run that knew it. Nothing told is no fault.
 */
export async function recordIdentity(
  context: TargetContext,
  client: ProbeClient,
  health: Exchange,
): Promise<void> {
  const { recorder, plan, run, deps } = context;
  const { key, manifest } = context.target;
  const target = key ?? plan.target.name;
  const [told, certificate] = await Promise.all([ask(client, health), keyOf(context)]);
  const facts = { ...told, ...(certificate !== null && { certificateKey: certificate }) };
  const names = { run, plan: targetName(plan.target), target };
  const doesNotProve = changedSince(deps.runsDir, names, facts);
  if (Object.keys(facts).length > 0 || doesNotProve.length > 0) {
    const data = { identity: { target, facts } };
    recorder.append({ kind: "note", by: "preflight", data, doesNotProve });
  }
  if (manifest.image === undefined) return;
  const data = { identity: { target, facts: { image: manifest.image } } };
  recorder.append({ kind: "note", by: "preflight", provenance: "declared", data });
}
