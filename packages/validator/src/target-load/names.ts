/** Loads of the target's chat beside the steady one, in the order they are sent. */
export const targetLoadNames = ["ladder", "soak"] as const;
export type TargetLoadName = (typeof targetLoadNames)[number];

export const isTargetLoad = (name: string): name is TargetLoadName =>
  targetLoadNames.some((one) => one === name);
