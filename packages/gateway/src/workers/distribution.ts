export const distributions = ["auto", "system", "round-robin"] as const;
/** Who hands connections to the workers. */
type Distribution = (typeof distributions)[number];

/**
 * Whether the supervisor listens and hands connections out in turn. `auto`: where the system does not
 * spread them over processes that listen on one port, which Linux does.
 */
export function isRoundRobin(
  distribution: Distribution,
  platform: NodeJS.Platform = process.platform,
): boolean {
  if (distribution !== "auto") return distribution === "round-robin";
  return platform !== "linux";
}
