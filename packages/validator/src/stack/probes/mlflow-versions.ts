import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import {
  eraseModel,
  inRun,
  member,
  mlflowAsk,
  type MlflowContext,
  mlflowNeed,
} from "../wire/mlflow-session.ts";
import { textOf } from "../wire/shape.ts";
import { orTakeBack, takeBack } from "../wire/take-back.ts";

type MlflowProbe = StackProbe<ServiceOf<"mlflow">>;

const api = "api/2.0/mlflow/";

/** What the registry says of one version of a model. */
async function lookUp(context: MlflowContext, name: string, version: string) {
  const query = `name=${name}&version=${version}`;
  const got = await mlflowNeed(context, `model-versions/get?${query}`);
  const uri = await mlflowNeed(context, `model-versions/get-download-uri?${query}`);
  return {
    run: textOf(member(got, "model_version", "run_id")),
    status: textOf(member(got, "model_version", "status")),
    uri: textOf(member(uri, "artifact_uri")),
  };
}

/** Registers a model for the work, and takes it away whatever the work comes to. */
async function inModel<T>(
  context: MlflowContext,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const left = `model ${name}`;
  const undo = (to: MlflowContext) => eraseModel(to, name);
  const result = await orTakeBack(context, { left, undo }, async () => {
    await mlflowNeed(context, "registered-models/create", { name });
    return await work();
  });
  await takeBack(context, left, undo);
  return result;
}

/** A version of a model: made of a run, found with that run and its files, gone after delete. */
export const modelVersion: MlflowProbe = {
  kind: "mlflow",
  checklist: ["R1-02"],
  check: "model_version",
  summary: "a version in the model registry",
  needs: ["run", "registry"],
  severity: "high",
  claim: (service) =>
    service.registry
      ? {
          statement:
            "a version made of a run is found with that run and its files, and gone after delete",
          category: "Operational Readiness",
          rationale: "What is deployed is one version of a model, not its name.",
        }
      : null,
  saboteur: [
    {
      when: "GET /api/2.0/mlflow/model-versions/get?",
      status: 200,
      reply: '{"model_version":{"version":"1","run_id":"another","status":"READY"}}',
    },
  ],
  async run(context) {
    const name = `${context.mark}_versioned`;
    return await inRun(context, async (own) => {
      const info = await mlflowNeed(context, `runs/get?run_id=${own.run}`);
      const source = `${textOf(member(info, "run", "info", "artifact_uri"))}/model`;
      return await inModel(context, name, async () => {
        const given = { name, source, run_id: own.run };
        const made = await mlflowNeed(context, "model-versions/create", given);
        const version = textOf(member(made, "model_version", "version"));
        const found = await lookUp(context, name, version);
        const path = `${api}model-versions/delete`;
        await mlflowAsk(context, { method: "DELETE", path, json: { name, version } });
        const route = `${api}model-versions/get?name=${name}&version=${version}`;
        const after = await mlflowAsk(context, { method: "GET", path: route });
        const isOurs = found.run === own.run && found.uri === source;
        const ok = isOurs && found.status === "READY" && after.status === 404;
        const ofRun = found.run === own.run ? "its run" : "another run";
        const files = found.uri === source ? "its files" : "other files";
        const seen = `Version ${version} of ${ofRun} with ${files}, ${found.status}; ${after.status} after delete.`;
        return [{ ok, seen, reproduce: context.again }];
      });
    });
  },
};
