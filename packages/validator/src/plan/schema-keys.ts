import { isRecord } from "@loadline/kit/json";
import { z } from "zod";

/** Wrappers that add a default or an optional around the schema that matters. */
function bare(schema: unknown): unknown {
  let inner = schema;
  for (;;) {
    if (
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodNullable ||
      inner instanceof z.ZodLazy
    ) {
      inner = inner.unwrap();
    } else if (inner instanceof z.ZodPipe) inner = inner.in;
    else return inner;
  }
}

/** Every variant of a union, those of unions within it among them. */
function optionsOf(union: z.ZodUnion | z.ZodDiscriminatedUnion): readonly unknown[] {
  const options: readonly unknown[] = union.options.map(bare);
  return options.flatMap((one) => (one instanceof z.ZodUnion ? optionsOf(one) : [one]));
}

/**
 * The variant of a union that `value` means: by its discriminator, a list for a list, else the
 * object that has the most of its keys.
 */
function variantOf(union: z.ZodUnion | z.ZodDiscriminatedUnion, value: unknown): unknown {
  const options = optionsOf(union);
  if (Array.isArray(value)) return options.find((option) => option instanceof z.ZodArray);
  const objects = options.filter((option) => option instanceof z.ZodObject);
  if (union instanceof z.ZodDiscriminatedUnion && isRecord(value)) {
    const { discriminator } = union.def;
    const said = value[discriminator];
    const meant = objects.find((option) => {
      const field: unknown = option.shape[discriminator];
      return field instanceof z.ZodLiteral && field.values.has(String(said));
    });
    if (meant !== undefined) return meant;
  }
  const known = (option: z.ZodObject): number =>
    Object.keys(isRecord(value) ? value : {}).filter((key) => key in option.shape).length;
  return objects.toSorted((a, b) => known(b) - known(a))[0];
}

function resolved(schema: unknown, value: unknown): unknown {
  const inner = bare(schema);
  return inner instanceof z.ZodUnion ? bare(variantOf(inner, value)) : inner;
}

/** The schema that judges the value at `path`; undefined where the schema knows no such path. */
export function schemaAt(schema: unknown, value: unknown, path: readonly PropertyKey[]): unknown {
  let here = resolved(schema, value);
  let held: unknown = value;
  for (const part of path) {
    held = Array.isArray(held) ? held[Number(part)] : isRecord(held) ? held[String(part)] : null;
    if (here instanceof z.ZodObject) here = resolved(here.shape[String(part)], held);
    else if (here instanceof z.ZodRecord) here = resolved(here.valueType, held);
    else if (here instanceof z.ZodArray) here = resolved(here.element, held);
    else return undefined;
  }
  return here;
}

/** Keys an object schema knows; empty for all others. */
export function keysOf(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
