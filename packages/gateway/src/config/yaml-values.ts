import { type Document, isAlias, isNode, type LineCounter, visit } from "yaml";
import { gatewayErrors } from "../errors.ts";

/** Uses of one anchor, those of what it holds multiplied. */
const aliasesMax = 100;

/**
 * The value of a parsed file. Throws LL_CONFIG_SYNTAX with path and line for whatever its parser, or
 * the reading of its aliases, finds wrong, and LL_CONFIG_UNKNOWN_KEY for a key that no object can have.
 */
export function valuesOf(document: Document, lines: LineCounter, path: string): unknown {
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const what = (fault.message.split("\n")[0] ?? "").replace(/ at line .*$/, "");
    throw syntaxFault(what, `${path}:${fault.linePos?.[0].line ?? 1}`);
  }
  const lineOf = (node: unknown): number =>
    isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1;
  const anchors = new Map<string, unknown>();
  let aliasLine = 1;
  visit(document, {
    Pair(_, { key }) {
      const name = isAlias(key) ? anchors.get(key.source) : key;
      if (String(name) !== "__proto__") return;
      const where = `${path}:${lineOf(key)}`;
      throw gatewayErrors.make("LL_CONFIG_UNKNOWN_KEY", `__proto__: unknown key. (${where})`);
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Alias(_, node) {
      aliasLine = lineOf(node);
      if (!anchors.has(node.source))
        throw syntaxFault(`*${node.source} names no anchor before it`, `${path}:${aliasLine}`);
    },
  });
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (cause) {
    // What is left that may be wrong: aliases of aliases grow beyond bounds.
    const what = cause instanceof Error ? cause.message : String(cause);
    throw syntaxFault(what, `${path}:${aliasLine}`);
  }
}

function syntaxFault(what: string, where: string): Error {
  return gatewayErrors.make("LL_CONFIG_SYNTAX", `${what}. (${where})`);
}
