/** A file and an export of it, as `./file.ts#export` names them. */
export interface ModuleRef {
  readonly file: string;
  readonly export: string;
}

/** Reads `./file.ts#export`; the text was checked by its schema. */
export function moduleOf(text: string): ModuleRef {
  const hash = text.lastIndexOf("#");
  return { file: text.slice(0, hash), export: text.slice(hash + 1) };
}
