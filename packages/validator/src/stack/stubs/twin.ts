import type { StackRule } from "../probe.ts";

/** A healthy twin of a service with the manifest that describes it. */
export interface StackTwin extends AsyncDisposable {
  /** The service as a manifest says it. */
  readonly service: Readonly<Record<string, unknown>>;
  /** Other services of its stack, by name. */
  readonly neighbours?: Readonly<Record<string, unknown>>;
  /** What the stack around it says beside its services. */
  readonly stack?: Readonly<Record<string, unknown>>;
  /** Values of its references `${env:NAME}`, by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Starts the twin of a kind; rules of a saboteur answer first. */
export type StartTwin = (rules: readonly StackRule[]) => Promise<StackTwin>;
