/**
 * Settings of a connection that writes: its log beside the database, every commit on the disk, keys of
 * other tables held, and 256 KiB of pages. What is written is seldom read again, and SQLite's own 2 MB
 * would fill once and stay.
 */
export const writingPragmas =
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -256";
