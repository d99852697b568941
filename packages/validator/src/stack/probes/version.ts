import type { StackProbe, StackRule } from "../probe.ts";
import type { StackService } from "../services/index.ts";
import { NothingThere } from "../wire/fault.ts";

/** What a login leaves in place of a version that it was not told. */
const untold = "unknown";

/** Whether a version begins with the declared numbers: 15 fits 15.4 and not 150. */
export function fitsVersion(declared: string, seen: string): boolean {
  const wanted = declared.split(".");
  const numbers = /\d+(\.\d+)*/.exec(seen)?.[0].split(".") ?? [];
  return wanted.every((number, at) => numbers[at] === number);
}

/**
 * The check of a declared version, for any kind whose login leaves `version` in the facts. A service
 * that tells none is not wrong: the claim stays not tested.
 */
export function versionProbe<K extends StackService["kind"]>(
  kind: K,
  needs: string,
  saboteur: readonly StackRule[],
): StackProbe<StackService> & { readonly kind: K } {
  return {
    check: "version",
    kind,
    summary: "the declared version",
    needs: [needs],
    checklist: ["R1-01"],
    severity: "medium",
    claim: (service) =>
      service.version === undefined
        ? null
        : {
            statement: `it is version ${service.version}`,
            category: "Deployment Automation",
            rationale: "What was tested with one version is not known of another.",
          },
    saboteur,
    run(context) {
      const seen = context.facts.get("version") ?? untold;
      if (seen === untold) {
        return Promise.reject(new NothingThere(`${context.name} tells no version.`));
      }
      const ok = fitsVersion(context.service.version ?? "", seen);
      const said = `It says version ${seen}.`;
      return Promise.resolve([{ ok, seen: said, reproduce: context.again }]);
    },
  };
}
