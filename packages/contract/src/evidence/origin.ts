/** Shown as the origin of every bundle until signatures exist. */
export const originUnsigned = "unsigned: consistent, origin unknown";
