import { isRecord, listOf, recordOf } from "../../dialects/json.ts";

const depthMax = 8;

/**
 * The smallest value a JSON Schema allows, the same for the same schema: constants and first choices
 * where there are any, "word", 1 and true elsewhere. Depth is cut at 8 levels.
 */
export function sampleOf(schema: unknown, depth = 0): unknown {
  if (!isRecord(schema) || depth > depthMax) return null;
  if ("const" in schema) return schema["const"];
  const [choice] = listOf(schema["enum"]);
  if (choice !== undefined) return choice;
  const [option] = [...listOf(schema["anyOf"]), ...listOf(schema["oneOf"])];
  if (option !== undefined) return sampleOf(option, depth + 1);
  const { type } = schema;
  const [first] = Array.isArray(type) ? type : [type];
  switch (first) {
    case "string":
      return "word";
    case "integer":
    case "number":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 1;
    case "boolean":
      return true;
    case "array":
      return [sampleOf(schema["items"], depth + 1)];
    case "null":
      return null;
    default:
      return sampleMembers(schema, depth);
  }
}

function sampleMembers(schema: Readonly<Record<string, unknown>>, depth: number): unknown {
  const properties = recordOf(schema["properties"]);
  const required = schema["required"];
  const names = Array.isArray(required) ? required.map(String) : Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, sampleOf(properties[name], depth + 1)]));
}
