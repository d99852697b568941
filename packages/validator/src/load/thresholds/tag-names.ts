/** Tags of a figure's own: the tool, the code, the check, or of `errors` the outcome. */
export const figureTags = ["tool", "code", "check", "class"] as const;

/** Tags that every selector knows; a plan cannot give them another meaning. */
export const tagNames: readonly string[] = ["scenario", "step", "name", ...figureTags];
