import type { TreeRule } from "../tree.ts";
import { domainRules } from "./domain.ts";
import { importRules } from "./imports.ts";
import { shapeRules } from "./shape.ts";
import { testRules } from "./tests.ts";

/** Every rule over the tree's text; each has a folder of planted violations. */
export const treeRules: readonly TreeRule[] = [
  ...importRules,
  ...shapeRules,
  ...testRules,
  ...domainRules,
];
