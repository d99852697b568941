import { isRecord } from "@loadline/kit/json";
import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { inspectContainer, inspectImage } from "../wire/engine.ts";
import { NothingThere } from "../wire/fault.ts";
import { textIn, textOf, valueIn } from "../wire/shape.ts";
import { askWeb } from "../wire/web.ts";

/** Of the OCI image specification: the revision of the packaged software in its source control. */
const label = "org.opencontainers.image.revision";

const otherLabel = { [label]: "0".repeat(40) };

/** What an image says it was built from, against what the program in it says. */
export const containerRevision: StackProbe<ServiceOf<"container">> = {
  kind: "container",
  check: "revision",
  summary: "the commit its image is labelled with",
  needs: ["running"],
  checklist: ["R1-07"],
  severity: "high",
  claim: ({ commitAt }) =>
    commitAt === undefined
      ? null
      : {
          statement: `the label ${label} of its image is the commit that ${commitAt} tells`,
          category: "Deployment Automation",
          rationale: "An image that holds another build than its label says was never validated.",
        },
  saboteur: [{ when: "inspect", reply: JSON.stringify({ Config: { Labels: otherLabel } }) }],
  async run(context) {
    const { engine, commitAt = "" } = context.service;
    const image = textIn(await inspectContainer(context), "Image");
    const labels = valueIn(await inspectImage(context, image), "Config.Labels");
    const revision = isRecord(labels) ? textOf(labels[label]) : "";
    const answer = await askWeb({ ...context, service: { url: commitAt } }, { path: "" });
    const commit = textIn(answer.json, "commit");
    if (commit === "") throw new NothingThere(`${commitAt} tells no commit.`);
    const labelled = revision === "" ? "no revision" : `revision ${revision}`;
    const seen = `Its image is labelled with ${labelled}; ${commitAt} tells commit ${commit}.`;
    const format = `{{index .Config.Labels "${label}"}}`;
    const reproduce = [engine, "inspect", "--type", "image", "--format", format, image];
    return [{ ok: revision === commit, seen, reproduce }];
  },
};
