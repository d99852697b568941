import type { GatewayErrorCode } from "../errors.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { StageId } from "../pipeline/stage.ts";
import type { ProbeAnswer } from "./call.ts";
import type { ProbeResult } from "./metrics.ts";
import type { OwnRoute } from "./own-route.ts";

/** What one call of the gateway to itself showed. */
export interface Verdict {
  readonly result: ProbeResult;
  /** Stages without the effect they have to have. */
  readonly skipped: readonly StageId[];
  /** Set when the call itself failed. */
  readonly code?: GatewayErrorCode;
  readonly text: string;
}

/** Refusals on purpose: this process or its disks are at their end, and the stages did their work. */
const onPurpose: ReadonlySet<string> = new Set<GatewayErrorCode>([
  "LL_SERVER_OVERLOADED",
  "LL_SERVER_DRAINING",
  "LL_AUDITLOG_FULL",
  "LL_LIMIT_ADDRESS",
]);

/**
 * Others kept the call from the stages: their failed keys count against the address that it shares
 * with them, or their connections are as many as may be open (`isDropped`: its own was turned away).
 */
export function isCrowdedOut({ result, text }: Verdict, isDropped: boolean): boolean {
  const crowded: GatewayErrorCode = "LL_LIMIT_ADDRESS";
  return (result === "busy" && text === crowded) || (result === "silent" && isDropped);
}

/** What each stage leaves behind in an exchange that came through it. */
const effects: readonly (readonly [StageId, (x: Exchange, own: OwnRoute) => boolean])[] = [
  ["request-id", (x) => x.id !== ""],
  ["accept", (x) => x.picked !== undefined],
  ["authenticate", (x) => x.principal !== undefined],
  ["read", (x) => x.body !== undefined],
  ["authorize", (x, own) => x.route === own.route],
  ["reserve", (x) => x.lease !== undefined],
  ["call", (x, own) => x.attempts.some((one) => one.target === own.target.name)],
  ["settle", (x) => x.endedMs > 0],
];

/** Stages that left nothing behind; all of them when no exchange of the probe ever ended. */
export function withoutEffect(x: Exchange | undefined, own: OwnRoute): StageId[] {
  return effects.flatMap(([id, isSeen]) => (x && isSeen(x, own) ? [] : [id]));
}

/**
 * `missing`: stages that some exchange was seen to pass by; `skipped`: those that left nothing behind
 * in this one. A good answer over a gap is no good answer.
 */
export function judge(
  answer: ProbeAnswer,
  gaps: { readonly missing: readonly StageId[]; readonly skipped: readonly StageId[] },
): Verdict {
  if ("fault" in answer)
    return {
      result: "silent",
      skipped: [],
      code: "LL_SERVER_SELF_PROBE_SILENT",
      text: answer.fault,
    };
  const { status, code, content } = answer;
  if (onPurpose.has(code)) return { result: "busy", skipped: [], text: code };
  if (status !== 200 || content === "") {
    const text = `${status} ${code || "without content"}`;
    return { result: "failed", skipped: [], code: "LL_SERVER_SELF_PROBE", text };
  }
  const { missing, skipped } = gaps;
  if (missing.length + skipped.length === 0) return { result: "passed", skipped, text: "" };
  return { result: "skipped", skipped, text: [...new Set([...missing, ...skipped])].join(", ") };
}
