/**
 * An upstream on raw sockets that breaks promises on purpose: each behaviour is a list of steps.
 *
 * ```ts
 * await using a = await startFaultUpstream({ clock, letter: "a" });
 * a.behave(behaviours.cutByReset);
 * ```
 */
export { type Behaviour, type BehaviourId, behaviours, type Step } from "./behaviours.ts";
export { contentOf } from "./answers.ts";
export { startFaultUpstream } from "./fault-upstream.ts";
export type { FaultUpstream, FaultUpstreamOptions, Seen } from "./fault-upstream.ts";
