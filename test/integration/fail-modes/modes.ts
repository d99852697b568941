import type { TcpProxy } from "../../../packages/testkit/src/index.ts";
import type { FailMode } from "./row.ts";

/** A dependency in a process of its own. */
export interface Dependency {
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

export const modeNames = ["dead", "frozen", "slow"] as const;

/** The ways in which a dependency behind a proxy goes: killed, frozen, or `slowMs` late. */
export function modesOf(
  dependency: Dependency,
  proxy: TcpProxy,
  slowMs: number,
): Record<(typeof modeNames)[number], FailMode> {
  return {
    dead: {
      async leave() {
        await dependency.kill();
        await proxy.refuse();
      },
      async back() {
        await dependency.restart();
        await proxy.accept();
      },
    },
    frozen: {
      leave: () => Promise.resolve(dependency.freeze()),
      back: () => Promise.resolve(dependency.thaw()),
    },
    slow: {
      leave: () => Promise.resolve(proxy.delay(slowMs)),
      back: () => Promise.resolve(proxy.delay(0)),
    },
  };
}
