import { chromium } from "./chromium.ts";
import { grafana } from "./grafana.ts";
import { haproxy } from "./haproxy.ts";
import { jaeger } from "./jaeger.ts";
import { k6 } from "./k6.ts";
import { kubeApiserver } from "./kube-apiserver.ts";
import { llamaServer } from "./llama-server.ts";
import { locust } from "./locust.ts";
import { neo4j } from "./neo4j.ts";
import { nginx } from "./nginx.ts";
import { minio } from "./minio.ts";
import { mlflow } from "./mlflow.ts";
import { opa } from "./opa.ts";
import { podman } from "./podman.ts";
import { postgres15 } from "./postgres-15.ts";
import { alertmanager, prometheus } from "./prometheus.ts";
import { qdrant } from "./qdrant.ts";
import { redisCluster } from "./redis-cluster.ts";
import { redisSentinel } from "./redis-sentinel.ts";
import { redis } from "./redis.ts";
import { timescaledb } from "./timescaledb.ts";
import { valkey } from "./valkey.ts";
import type { Found, Missing, Part, PartsEnvironment } from "./part.ts";

/** Every part that a suite may ask for. */
export const parts: readonly Part[] = [
  chromium,
  llamaServer,
  redis,
  postgres15,
  timescaledb,
  k6,
  locust,
  minio,
  mlflow,
  redisCluster,
  redisSentinel,
  valkey,
  haproxy,
  nginx,
  prometheus,
  alertmanager,
  neo4j,
  qdrant,
  grafana,
  jaeger,
  kubeApiserver,
  opa,
  podman,
];

/** One answer per part; a hidden part is missing without being asked. */
export async function probePart(
  part: Part,
  environment: PartsEnvironment,
): Promise<Found | Missing> {
  if (environment.hidden.has(part.id)) {
    return { id: part.id, reason: "hidden by LOADLINE_HIDE_PARTS" };
  }
  return part.probe(environment);
}
