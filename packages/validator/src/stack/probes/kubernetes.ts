import type { KubernetesProbe } from "./kubernetes-check.ts";
import { applyProbes } from "./kubernetes-apply.ts";
import { clusterProbes } from "./kubernetes-cluster.ts";
import { linkProbes } from "./kubernetes-links.ts";
import { liveProbes } from "./kubernetes-live.ts";
import { podProbes } from "./kubernetes-pods.ts";
import { runningProbes } from "./kubernetes-running.ts";
import { textProbes } from "./kubernetes-text.ts";

/** Every check of Kubernetes: the cluster, the manifests, then the live objects. */
export const kubernetesProbes: readonly KubernetesProbe[] = [
  ...clusterProbes,
  ...textProbes,
  ...podProbes,
  ...linkProbes,
  ...applyProbes,
  ...liveProbes,
  ...runningProbes,
];
