/** Versions of the API by the release that no longer serves them, after the project's own guide. */
const removed: readonly (readonly [apiVersion: string, kinds: string, release: string])[] = [
  ["extensions/v1beta1", "Ingress", "1.22"],
  ["extensions/v1beta1", "*", "1.16"],
  ["apps/v1beta1", "*", "1.16"],
  ["apps/v1beta2", "*", "1.16"],
  ["networking.k8s.io/v1beta1", "Ingress IngressClass", "1.22"],
  ["rbac.authorization.k8s.io/v1beta1", "*", "1.22"],
  ["admissionregistration.k8s.io/v1beta1", "*WebhookConfiguration", "1.22"],
  ["apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "1.22"],
  ["apiregistration.k8s.io/v1beta1", "APIService", "1.22"],
  ["scheduling.k8s.io/v1beta1", "PriorityClass", "1.22"],
  ["storage.k8s.io/v1beta1", "StorageClass CSIDriver CSINode VolumeAttachment", "1.22"],
  ["storage.k8s.io/v1beta1", "CSIStorageCapacity", "1.27"],
  ["coordination.k8s.io/v1beta1", "Lease", "1.22"],
  ["certificates.k8s.io/v1beta1", "CertificateSigningRequest", "1.22"],
  ["batch/v1beta1", "CronJob", "1.25"],
  ["policy/v1beta1", "PodDisruptionBudget PodSecurityPolicy", "1.25"],
  ["discovery.k8s.io/v1beta1", "EndpointSlice", "1.25"],
  ["events.k8s.io/v1beta1", "Event", "1.25"],
  ["node.k8s.io/v1beta1", "RuntimeClass", "1.25"],
  ["autoscaling/v2beta1", "HorizontalPodAutoscaler", "1.25"],
  ["autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26"],
  ["flowcontrol.apiserver.k8s.io/v1beta1", "*", "1.26"],
  ["flowcontrol.apiserver.k8s.io/v1beta2", "*", "1.29"],
  ["flowcontrol.apiserver.k8s.io/v1beta3", "*", "1.32"],
];

function fitsKind(kinds: string, kind: string): boolean {
  return kinds
    .split(" ")
    .some((one) => one === kind || (one.startsWith("*") && kind.endsWith(one.slice(1))));
}

/** The second number of a version, 36 of 1.36.3; NaN of what is none. */
export const minorOf = (version: string): number =>
  Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);

/**
 * The release that removed this version of a kind, when `version` has it behind it; null where it is
 * still served. Without a version every removal counts.
 */
export function removedIn(
  apiVersion: string,
  kind: string,
  version: string | undefined,
): string | null {
  const row = removed.find(([api, kinds]) => api === apiVersion && fitsKind(kinds, kind));
  if (row === undefined) return null;
  const [, , release] = row;
  return version === undefined || minorOf(version) >= minorOf(release) ? release : null;
}
