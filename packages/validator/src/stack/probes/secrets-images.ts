import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { shownSecret } from "../secrets.ts";
import { layerTexts, readImages } from "../wire/image-archive.ts";
import { secretsIn } from "../wire/secret-formats.ts";

type SecretsProbe = StackProbe<ServiceOf<"secrets">>;
type SecretsContext = StackContext<ServiceOf<"secrets">>;

const shownMax = 20;
/** Programs and their documents hold words like these; only a maker's own form counts in a layer. */
const loose = /^(assigned secret|password in a URL)$/;

/** The planted values by the name of their reference. */
export function plantedOf(context: SecretsContext): ReadonlyMap<string, string> {
  return new Map(
    context.service.planted.map((reference): [string, string] => [
      shownSecret(reference),
      context.secret(reference) ?? "",
    ]),
  );
}

interface Told {
  readonly text: string;
  readonly reproduce: readonly string[];
}

/** One line of a file in a layer; gzip hands on what is not packed. */
function shown(archive: string, layer: string, file: string, line: number): string[] {
  const script = 'tar -xOf "$1" "$2" | gzip -dcf | tar -xO "$3" | sed -n "$4p"';
  return ["sh", "-c", script, "sh", archive, layer, file, String(line)];
}

async function searchImage(context: SecretsContext, part: string): Promise<StackSeen> {
  const planted = plantedOf(context);
  const image = await readImages(part, context.signal);
  const told: Told[] = [];
  for (const { line, kind } of secretsIn(image.settings, planted)) {
    const name = /^[\w.-]+(?==)/.exec(image.settings[line - 1] ?? "")?.[0] ?? "a command";
    const reproduce = ["tar", "-xOf", part, "manifest.json"];
    told.push({ text: `${kind} in its settings (${name})`, reproduce });
  }
  let files = 0;
  let large = 0;
  for (const [at, layer] of image.layers.entries()) {
    for await (const { name, lines } of layerTexts(part, layer, context.signal)) {
      if (lines === null) large++;
      else files++;
      if (lines === null || told.length >= shownMax) continue;
      const found = secretsIn(lines, planted).filter(({ kind }) => !loose.test(kind));
      const [first] = found;
      if (first === undefined) continue;
      const text = `${first.kind} in layer ${at + 1}, ${name}:${first.line}`;
      told.push({ text, reproduce: shown(part, layer.name, name, first.line) });
    }
  }
  const [first] = told;
  const where = first === undefined ? "" : `: ${first.text}`;
  const left = large === 0 ? "" : `; ${large} files above 1 MiB not searched`;
  return {
    ok: told.length === 0,
    seen: `${image.layers.length} layers, ${files} text files, ${told.length} secrets${where}${left}.`,
    raw: told.map(({ text }) => text).join("\n"),
    part,
    reproduce: first?.reproduce ?? ["tar", "-tvf", part],
  };
}

/** Layers that a later one deletes from are searched as well: what was in one is in the image. */
export const secretsImages: SecretsProbe = {
  kind: "secrets",
  check: "images",
  summary: "no secret in images",
  needs: [],
  checklist: ["R1-26"],
  severity: "critical",
  claim: (service) =>
    service.images.length === 0
      ? null
      : {
          statement:
            "settings, history and every text file up to 1 MiB in every layer of its images hold no secret in a maker's own format and no planted one",
          category: "Security & Compliance",
          rationale: "What one layer deletes is still in the layer before it.",
          parts: service.images,
        },
  saboteur: [{ when: "layer", reply: "AKIAQQQQQQQQQQQQQQQQ" }],
  run: async (context) => {
    const all: StackSeen[] = [];
    for (const part of context.service.images) all.push(await searchImage(context, part));
    return all;
  },
};
