import { posix } from "node:path";
import { type Finding, type Tree, type TreeRule, isScript, isTest, sources } from "../tree.ts";

/** Which of our packages each package may import; `types` may be imported as types only. */
const directions: Readonly<
  Record<string, { values: readonly string[]; types: readonly string[] }>
> = {
  kit: { values: [], types: [] },
  contract: { values: [], types: [] },
  gateway: { values: ["kit", "contract"], types: [] },
  validator: { values: ["kit", "contract"], types: [] },
  console: { values: ["contract"], types: ["kit", "gateway", "validator"] },
  testkit: { values: ["kit", "contract"], types: [] },
  cli: { values: ["kit", "contract", "gateway", "validator", "console"], types: [] },
};

/** Inside the gateway each layer sees only those after it. */
const gatewayLayers = ["routes", "pipeline", "providers"] as const;

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

const importPattern =
  /(?:^|\n)\s*(import|export)\s+(type\s)?(?:[^;"'`]*?\sfrom\s*)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** Every static and dynamic import of a script; a specifier built at run time is not seen. */
export function importsOf(text: string): Import[] {
  return [...text.matchAll(importPattern)].map((match) => ({
    specifier: match[3] ?? match[4] ?? "",
    typeOnly: match[2] !== undefined,
    line: text.slice(0, match.index + match[0].length).split("\n").length,
  }));
}

const packageOf = (path: string): string | undefined => /^packages\/([^/]+)\//.exec(path)?.[1];

/** The package of ours that `specifier` reaches from `path`, by name or by a relative path. */
function reached(path: string, specifier: string): string | undefined {
  const named = /^@loadline\/([^/]+)/.exec(specifier)?.[1];
  if (named !== undefined) return named;
  if (!specifier.startsWith(".")) return undefined;
  return packageOf(posix.join(posix.dirname(path), specifier));
}

function eachImport(
  tree: Tree,
  paths: readonly string[],
  judge: (path: string, found: Import) => string | undefined,
): Finding[] {
  return paths.flatMap((path) =>
    importsOf(tree.read(path)).flatMap((found) => {
      const message = judge(path, found);
      return message === undefined ? [] : [{ path, line: found.line, message }];
    }),
  );
}

const importDirections: TreeRule = {
  id: "import-directions",
  summary: "a package imports only what architecture allows it",
  check: (tree) =>
    eachImport(tree, sources(tree), (path, found) => {
      const from = packageOf(path) ?? "";
      const to = reached(path, found.specifier);
      if (to === undefined || to === from) return undefined;
      const allowed = directions[from];
      if (allowed?.values.includes(to)) return undefined;
      if (found.typeOnly && allowed?.types.includes(to)) return undefined;
      return `${from} must not import ${to} (${found.specifier})`;
    }),
};

const nodeHttpByValue: TreeRule = {
  id: "node-http-by-value",
  summary: "what serves takes Node's http module from kit, which leaves undici out",
  check: (tree) =>
    eachImport(
      tree,
      sources(tree).filter((path) => /^packages\/(gateway|kit)\//.test(path)),
      (_path, found) =>
        found.specifier === "node:http" && !found.typeOnly
          ? "use nodeHttp of @loadline/kit/node-http"
          : undefined,
    ),
};

/** What opens sockets by itself: undici's own client, and Unix sockets of this machine. */
const doorExceptions =
  /\.fixture\.ts$|^packages\/gateway\/src\/(upstream\/undici\/|providers\/llama\/local-upstream|models\/swap\/ask-host|self-probe\/door)/;
const outwardModules = new Set(["node:dns", "node:dns/promises", "node:https", "undici"]);
const socketImport = /import\s*\{([^}]*)\}\s*from\s*"node:(?:net|tls|http2)"/g;
/** As a namespace or a default, what is used of it is not seen. */
const wholeSocketImport = /import\s+(?:\*\s+as\s+)?\w+\s+from\s*"node:(?:net|tls|http2)"/;
const outwardCall = /(?<![\w.])fetch\(|\bnodeHttp\.(?:request|get)\(/;
const doors = "packages/gateway/src/egress/";

const egressDoor: TreeRule = {
  id: "egress-door",
  summary: "the gateway connects to elsewhere through its doors, which know hosts and addresses",
  check(tree) {
    const message = "connect through a door of egress/doors.ts";
    const paths = sources(tree).filter(
      (path) => path.startsWith("packages/gateway/src/") && !doorExceptions.test(path),
    );
    const imported = eachImport(tree, paths, (_path, found) =>
      outwardModules.has(found.specifier) && !found.typeOnly ? message : undefined,
    );
    const opened = paths.filter((path) => {
      const text = tree.read(path);
      const names = [...text.matchAll(socketImport)].flatMap(([, list = ""]) => list.split(","));
      return (
        names.some((name) => /^\s*(?:connect|createConnection)\b/.test(name)) ||
        wholeSocketImport.test(text) ||
        outwardCall.test(text) ||
        (!path.startsWith(doors) && text.includes("createEgress("))
      );
    });
    return [...imported, ...opened.map((path) => ({ path, message }))];
  },
};

const browserHalf: TreeRule = {
  id: "console-browser-half",
  summary: "a page takes values from contract's browser half, which reaches no schema library",
  check: (tree) =>
    eachImport(
      tree,
      sources(tree).filter((path) => packageOf(path) === "console"),
      (_path, found) =>
        found.specifier === "@loadline/contract" && !found.typeOnly
          ? "take it from @loadline/contract/browser"
          : undefined,
    ),
};

const testkitFromTests: TreeRule = {
  id: "testkit-from-tests",
  summary: "only tests, benchmarks and scripts use testkit, and the validator's tests no gateway",
  check: (tree) =>
    eachImport(tree, tree.paths.filter(isScript), (path, found) => {
      const to = reached(path, found.specifier);
      const from = packageOf(path);
      if (to === "gateway" && from === "validator") return "the validator knows sockets only";
      if (to !== "testkit" || from === "testkit" || from === undefined || isTest(path)) {
        return undefined;
      }
      return "testkit is for tests";
    }),
};

const contractPure: TreeRule = {
  id: "contract-pure",
  summary: "contract runs in a browser unchanged: no node: import, no Node global",
  check: (tree) => {
    const pure = sources(tree).filter((path) => packageOf(path) === "contract");
    const globals = pure.flatMap((path) =>
      tree
        .read(path)
        .split("\n")
        .flatMap((text, index) =>
          /^(?!\s*(\*|\/\/|\/\*)).*\b(Buffer\.|process\.|setImmediate\(|__dirname|require\()/.test(
            text,
          )
            ? [{ path, line: index + 1, message: "a global that browsers lack" }]
            : [],
        ),
    );
    const node = eachImport(tree, pure, (_path, found) =>
      found.specifier.startsWith("node:") ? `contract imports ${found.specifier}` : undefined,
    );
    return [...node, ...globals];
  },
};

const gatewayLayering: TreeRule = {
  id: "gateway-layers",
  summary: "inside the gateway: routes, then pipeline, then providers, never back",
  check: (tree) =>
    eachImport(tree, sources(tree), (path, found) => {
      const layerOf = (p: string): number =>
        gatewayLayers.findIndex((layer) => p.startsWith(`packages/gateway/src/${layer}/`));
      if (!found.specifier.startsWith(".")) return undefined;
      const from = layerOf(path);
      const to = layerOf(posix.join(posix.dirname(path), found.specifier));
      if (from < 0 || to < 0 || to >= from) return undefined;
      return `${gatewayLayers[from] ?? ""} must not import ${gatewayLayers[to] ?? ""}`;
    }),
};

const extensions: TreeRule = {
  id: "import-extension",
  summary: "a relative import names its file with the extension",
  check: (tree) =>
    eachImport(tree, tree.paths.filter(isScript), (_path, found) =>
      found.specifier.startsWith(".") && !/\.[a-z]+(\?[a-z]+)?$/.test(found.specifier)
        ? `write the extension: ${found.specifier}`
        : undefined,
    ),
};

export const importRules: readonly TreeRule[] = [
  importDirections,
  nodeHttpByValue,
  egressDoor,
  browserHalf,
  testkitFromTests,
  contractPure,
  gatewayLayering,
  extensions,
];
