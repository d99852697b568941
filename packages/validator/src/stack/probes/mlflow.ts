import type { StackProbe } from "../probe.ts";
import { otherKind } from "../guess-kind.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature } from "../wire/fault.ts";
import { answerJson, rawAnswer } from "../wire/http.ts";
import { inTurn } from "../wire/in-turn.ts";
import {
  artifactPath,
  eraseArtifact,
  eraseModel,
  inRun,
  member,
  mlflowAsk,
  type MlflowContext,
  mlflowCurl,
  mlflowNeed,
} from "../wire/mlflow-session.ts";
import { sha256Hex } from "../wire/s3-session.ts";
import { textIn } from "../wire/shape.ts";
import { lacksRoute } from "../wire/web.ts";
import { modelVersion } from "./mlflow-versions.ts";
import { orTakeBack, takeBack } from "../wire/take-back.ts";

type MlflowProbe = StackProbe<ServiceOf<"mlflow">>;

const shared = { kind: "mlflow", checklist: ["R1-02"], severity: "critical" } as const;

/** Whether the API of every version answers: of its first experiment, or that it has none. */
async function hasOldApi(context: MlflowContext): Promise<boolean> {
  const path = "api/2.0/mlflow/experiments/get?experiment_id=0";
  const value = answerJson(await mlflowAsk(context, { method: "GET", path }));
  const isRefused = textIn(value, "error_code") === "RESOURCE_DOES_NOT_EXIST";
  return isRefused || textIn(value, "experiment.experiment_id") === "0";
}

const answers: MlflowProbe = {
  ...shared,
  check: "answers",
  summary: "is it MLflow, and which",
  needs: [],
  checklist: ["R1-02", "R1-15"],
  claim: () => ({
    statement: "/health says OK, and /version or the API say that it is MLflow",
    category: "Operational Readiness",
    rationale: "Training that cannot log its runs is training nobody can repeat.",
  }),
  saboteur: [{ when: "GET /health", status: 200, reply: "<html>welcome</html>" }],
  async run(context) {
    const reproduce = inTurn(mlflowCurl(context, "health"), mlflowCurl(context, "version"));
    const health = await mlflowAsk(context, { method: "GET", path: "health" });
    const version = await mlflowAsk(context, { method: "GET", path: "version" });
    // Before 2.0 it told its version to nobody, and its API says what it is.
    const isOld = lacksRoute(version) && (await hasOldApi(context));
    const text = isOld ? "unknown" : version.body.toString("utf8").trim();
    const isOne = isOld || (version.status === 200 && /^\d+\.\d+\.\d+/.test(text));
    const ok = health.status === 200 && /^OK\s*$/.test(health.body.toString("utf8")) && isOne;
    if (isOne) context.facts.set("version", text);
    const seen = ok
      ? `MLflow ${text}.`
      : `/health ${health.status}, /version ${version.status}. ${otherKind(context, "MLflow", health.body.toString("utf8"))}.`;
    return [{ ok, seen, raw: rawAnswer(health), reproduce }];
  },
};

const login: MlflowProbe = {
  ...shared,
  check: "login",
  summary: "the API lets us in",
  needs: ["answers"],
  checklist: ["R1-02", "R1-15"],
  claim: () => ({
    statement: "the API of its own version lists experiments for the declared login",
    category: "Operational Readiness",
    rationale: "A login that is refused stops every training at its first line.",
  }),
  saboteur: [
    { when: "GET /api/2.0/mlflow/experiments/search", status: 401, reply: '{"error":"no"}' },
  ],
  async run(context) {
    const route = "experiments/search?max_results=1";
    const reproduce = mlflowCurl(context, `api/2.0/mlflow/${route}`);
    await mlflowNeed(context, route);
    return [{ ok: true, seen: "Experiments were listed.", reproduce }];
  },
};

const run: MlflowProbe = {
  ...shared,
  check: "run",
  summary: "experiment, run and metric",
  needs: ["login"],
  claim: () => ({
    statement: "a metric logged to a run is read back equal, and the run is gone after delete",
    category: "Operational Readiness",
    rationale: "A tracking server whose store is down shows its page as well.",
  }),
  saboteur: [
    {
      when: "GET /api/2.0/mlflow/runs/get",
      status: 200,
      reply: '{"run":{"info":{"lifecycle_stage":"deleted"},"data":{"metrics":[]}}}',
    },
  ],
  async run(context) {
    const value = Number((context.random.unit() * 100).toFixed(6));
    const seen = await inRun(context, async (own) => {
      const metric = { run_id: own.run, key: "loadline", value, timestamp: 1, step: 0 };
      await mlflowNeed(context, "runs/log-metric", metric);
      const got = await mlflowNeed(context, `runs/get?run_id=${own.run}`);
      const metrics = member(got, "run", "data", "metrics");
      const back: unknown = Array.isArray(metrics) ? member(metrics[0], "value") : undefined;
      return { back, id: own.run };
    });
    const after = await mlflowNeed(context, `runs/get?run_id=${seen.id}`);
    const stage = member(after, "run", "info", "lifecycle_stage");
    const ok = seen.back === value && stage === "deleted";
    const text = `Logged ${value}, read back ${String(seen.back)}; after delete the run is ${String(stage)}.`;
    return [{ ok, seen: text, reproduce: context.again }];
  },
};

const artifact: MlflowProbe = {
  ...shared,
  check: "artifact",
  summary: "an artifact through the server",
  needs: ["run"],
  claim: (service) =>
    service.artifacts
      ? {
          statement: "an artifact put through the server is got back with the same SHA-256",
          category: "Operational Readiness",
          rationale: "Models are artifacts; a lost one cannot be deployed.",
        }
      : null,
  saboteur: [{ when: "GET /api/2.0/mlflow-artifacts", status: 200, reply: "other bytes" }],
  async run(context) {
    const body = Buffer.from(context.random.bytes(20_000));
    return await inRun(context, async (own) => {
      const path = artifactPath(own.experiment, own.run, "loadline.bin");
      const put = await mlflowAsk(context, { method: "PUT", path, body });
      if (put.status === 404 || put.status === 501) {
        const version = context.facts.get("version") ?? "unknown";
        throw new LacksFeature(`MLflow ${version} serves no artifacts here (${put.status}).`);
      }
      const erase = (to: MlflowContext) => eraseArtifact(to, path);
      const got = await orTakeBack(context, { left: path, undo: erase }, () =>
        mlflowAsk(context, { method: "GET", path }),
      );
      await takeBack(context, path, erase);
      const isEqual = sha256Hex(got.body) === sha256Hex(body);
      const ok = put.status < 300 && got.status === 200 && isEqual;
      const how = got.status === 200 ? (isEqual ? "equal bytes" : "other bytes") : got.status;
      const seen = `PUT ${put.status}, GET ${how}.`;
      const raw = put.status < 300 ? rawAnswer(got) : rawAnswer(put);
      return [{ ok, seen, raw: ok ? "" : raw, reproduce: context.again }];
    });
  },
};

const registry: MlflowProbe = {
  ...shared,
  check: "registry",
  summary: "the model registry",
  needs: ["login"],
  severity: "high",
  claim: (service) =>
    service.registry
      ? {
          statement: "a registered model is found by its name, and gone after delete",
          category: "Operational Readiness",
          rationale: "What is deployed is looked up there.",
        }
      : null,
  saboteur: [{ when: "GET /api/2.0/mlflow/registered-models/get", status: 200, reply: "{}" }],
  async run(context) {
    const name = `${context.mark}_model`;
    const left = `model ${name}`;
    const erase = (to: MlflowContext) => eraseModel(to, name);
    const got = await orTakeBack(context, { left, undo: erase }, async () => {
      await mlflowNeed(context, "registered-models/create", { name });
      return await mlflowNeed(context, `registered-models/get?name=${name}`);
    });
    await takeBack(context, left, erase);
    const after = await mlflowAsk(context, {
      method: "GET",
      path: `api/2.0/mlflow/registered-models/get?name=${name}`,
    });
    const back = member(got, "registered_model", "name");
    const ok = back === name && after.status === 404;
    const seen = `Found ${String(back)}; ${after.status} after delete.`;
    return [{ ok, seen, reproduce: context.again }];
  },
};

/** Checks of MLflow, in the order they run. */
export const mlflowProbes: readonly MlflowProbe[] = [
  answers,
  login,
  run,
  artifact,
  registry,
  modelVersion,
];
