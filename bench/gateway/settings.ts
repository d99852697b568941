/** What a measured gateway is configured with: one target behind one route, under a bench's own upstream. */
export function benchSettings(upstream: string, stateDir: string) {
  const target = { provider: "openai-compatible", model: "bench", baseUrl: `${upstream}/v1` };
  return {
    stateDir,
    listen: { port: 0 },
    targets: { up: { ...target, connectionsMax: 2048 } },
    routes: { bench: { models: ["bench"], groups: [{ targets: ["up"] }] } },
  };
}
