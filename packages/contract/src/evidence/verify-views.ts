import { buildReportModel, type ReportInput } from "../report-build.ts";
import type { ReportModel } from "../report-model.ts";
import { toBytes } from "./digest.ts";
import { isView } from "./manifest.ts";
import { decodeText, type Files } from "./verify-step.ts";

/** Renders a view again, by its file name in the bundle. */
export type Renderers = Readonly<Record<string, (model: ReportModel) => string>>;

/** Whether a view was rendered by this very build, whose bytes can be made again. */
export type IsOwnView = (path: string, text: string) => boolean;

interface Views {
  /** Render differently from the bundle's evidence. */
  readonly edited: readonly string[];
  /** Render differently, and another build rendered them: edited, or merely rendered otherwise. */
  readonly doubtful: readonly string[];
  /** Of another page: it cannot be made again here. */
  readonly foreign: readonly string[];
  /** Have no renderer here. */
  readonly unknown: readonly string[];
}

/** What the views of a bundle say beside what the bundle gives. */
export type LookAtViews = (files: Files, given: ReportInput) => Views;

const withoutRenderer = (files: Files, renderers: Renderers): readonly string[] =>
  [...files.keys()].filter((path) => isView(path) && !(path in renderers)).sort();

/** Names every view and renders none: where nothing renders, nothing makes a model either. */
export const nameViews: LookAtViews = (files) => ({
  edited: [],
  doubtful: [],
  foreign: [],
  unknown: withoutRenderer(files, {}),
});

/** Renders the views again. */
export function renderViews(o: {
  readonly renderers: Renderers;
  readonly isOwnView: IsOwnView;
  readonly isOwnBuild: boolean;
}): LookAtViews {
  return (files, given) => {
    const edited: string[] = [];
    const doubtful: string[] = [];
    const foreign: string[] = [];
    const made = lazily(() => buildReportModel(given));
    for (const [path, render] of Object.entries(o.renderers)) {
      const bytes = files.get(path);
      if (!bytes) continue;
      const expected = toBytes(render(made()));
      const isEqual =
        bytes.byteLength === expected.byteLength &&
        bytes.every((byte, index) => byte === expected[index]);
      if (isEqual) continue;
      if (!o.isOwnView(path, decodeText(bytes))) foreign.push(path);
      else (o.isOwnBuild ? edited : doubtful).push(path);
    }
    return { edited, doubtful, foreign, unknown: withoutRenderer(files, o.renderers) };
  };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
