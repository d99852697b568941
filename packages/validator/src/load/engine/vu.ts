import type { Iteration, IterationEnd } from "./exec.ts";

/** A virtual user: runs one iteration at a time; its fields say which. */
export class Vu implements Iteration {
  readonly scenario: number;
  readonly vu: number;
  index = 0;
  turn = 0;
  intendedMs = 0;
  wakeMs = 0;
  /** Monotonic ms at which its iteration began; kept where a limit is on iterations. */
  beganMs = 0;
  /** Given to every iteration, so that none needs a function of its own. */
  readonly ended: (end: IterationEnd) => void;

  constructor(scenario: number, vu: number, ended: (vu: Vu, end: IterationEnd) => void) {
    this.scenario = scenario;
    this.vu = vu;
    this.ended = (end) => ended(this, end);
  }
}
