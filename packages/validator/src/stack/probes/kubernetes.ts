import type { KubernetesProbe } from "./kubernetes-check.ts";
import { linkProbes } from "./kubernetes-links.ts";
import { clusterProbes, liveProbes } from "./kubernetes-live.ts";
import { podProbes } from "./kubernetes-pods.ts";
import { textProbes } from "./kubernetes-text.ts";

/** Every check of Kubernetes: the cluster, the manifests, then the live objects. */
export const kubernetesProbes: readonly KubernetesProbe[] = [
  ...clusterProbes,
  ...textProbes,
  ...podProbes,
  ...linkProbes,
  ...liveProbes,
];
