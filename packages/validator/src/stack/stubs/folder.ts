import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";

/** A folder of one test; ends with its block. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** Writes files by relative name into a new folder. */
export async function makeFolder(files: Readonly<Record<string, string>>): Promise<Folder> {
  const folder = makeScratchFolder("loadline-twin-");
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
}
