/** What whoever runs a load may ask of it while it runs. */
export type ControlCommand =
  /** Start nothing more, wait for what is under way, then end. */
  | { readonly type: "drain" }
  /** Other users, or another rate per second; the run says so, and a guard is breached. */
  | {
      readonly type: "edit";
      readonly scenario: string;
      readonly users?: number;
      readonly rate?: number;
    };

/** Carries commands into a run; commands given before it listens are kept. */
export class LoadControl {
  readonly #early: ControlCommand[] = [];
  #listener: ((command: ControlCommand) => void) | null = null;

  /** First Ctrl-C: nothing new is sent, what is under way is waited for. */
  drain(): void {
    this.send({ type: "drain" });
  }

  /** Changes users or rate of a scenario from now on. */
  edit(scenario: string, to: { users?: number; rate?: number }): void {
    this.send({ type: "edit", scenario, ...to });
  }

  send(command: ControlCommand): void {
    if (this.#listener === null) this.#early.push(command);
    else this.#listener(command);
  }

  /** One listener: the run. */
  listen(listener: (command: ControlCommand) => void): void {
    this.#listener = listener;
    for (const command of this.#early.splice(0)) listener(command);
  }
}
