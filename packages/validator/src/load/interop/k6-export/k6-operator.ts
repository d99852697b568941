import { stringify } from "yaml";
import type { K6Export } from "./export-k6.ts";

export interface OperatorOptions {
  /** Name of the TestRun; what a Kubernetes name may not hold becomes `-`. */
  readonly name: string;
  /** Pods that share the load. */
  readonly parallelism: number;
}

/** A ConfigMap holds 1 MiB in all; above this the script needs a volume. */
const configMapBytesMax = 900 * 1024;
const file = "script.js";

/**
 * The manifest that runs an exported script on a cluster with k6-operator: a ConfigMap and a
 * TestRun, variables as references to a Secret of the same name. No `cleanup`: it deletes the logs,
 * which hold the results.
 */
export function k6OperatorManifest(
  { script, variables }: Pick<K6Export, "script" | "variables">,
  o: OperatorOptions,
): string {
  const name = operatorName(o.name);
  const isLarge = Buffer.byteLength(script) > configMapBytesMax;
  const env = variables.map((variable) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name, key: variable } },
  }));
  const testRun = {
    apiVersion: "k6.io/v1alpha1",
    kind: "TestRun",
    metadata: { name, labels: { "app.kubernetes.io/managed-by": "loadline" } },
    spec: {
      parallelism: o.parallelism,
      separate: true,
      script: isLarge ? { volumeClaim: { name, file } } : { configMap: { name, file } },
      arguments: "--no-usage-report --quiet",
      ...(env.length > 0 && { runner: { env } }),
    },
  };
  const configMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data: { [file]: script },
  };
  const documents = isLarge ? [testRun] : [configMap, testRun];
  const note = isLarge
    ? `# The script is over 900 KB: put it as ${file} on a volume claim called ${name}.\n`
    : "";
  return note + documents.map((one) => stringify(one, { lineWidth: 0 })).join("---\n");
}

/** A text as a name Kubernetes takes. */
export function operatorName(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, "");
  return plain === "" ? "loadline" : plain;
}
