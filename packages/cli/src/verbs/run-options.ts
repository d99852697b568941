import type { OptionSpec } from "../args.ts";

export const profile: OptionSpec = {
  name: "profile",
  value: "NAME",
  oneOf: ["quick", "full"],
  help: "quick (default) or full",
};
export const signKey: OptionSpec = {
  name: "sign-key",
  value: "F,F",
  help: "PKCS#8 files that sign, Ed25519 or ML-DSA-65",
};
export const useOption: OptionSpec = {
  name: "use",
  value: "NAME",
  help: "what the target is for, default the plan's own; see `score`",
};

const planOptions: readonly OptionSpec[] = [
  { name: "plan", value: "FILE", help: "plan file; without one the quick plan" },
  { name: "target", value: "URL", help: "any OpenAI-shaped server, with or without /v1" },
  { name: "api-key-env", value: "NAME", help: "variable that holds the target's API key" },
  { name: "model", value: "NAME", help: "model to ask; default: the target's first" },
  profile,
  { name: "skip", value: "A,B", help: "stages not to run; their claims are not_tested" },
  { name: "waivers", value: "FILE", help: "accepted risks, default the plan's own" },
  useOption,
  { name: "gates", value: "FILE", help: "gates of a READY, default the plan's own" },
  signKey,
];
export const runOptions: readonly OptionSpec[] = [
  ...planOptions,
  { name: "out", value: "DIR", help: "where the run's folder goes, default STATE/runs" },
];

/** `load` has profiles of its own beside those of a validation. */
export const loadRunOptions: readonly OptionSpec[] = runOptions.map((option) =>
  option.name === "profile"
    ? { name: "profile", value: "NAME", help: "quick, full, or a load profile: `load profiles`" }
    : option,
);

/** Of `probe compose`. */
export const composeOptions: readonly OptionSpec[] = [
  { name: "engine", value: "E", help: "with compose: docker (default), podman, or a path" },
  { name: "project", value: "NAME", help: "with compose: its project, default as compose does" },
];
