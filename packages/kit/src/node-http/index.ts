/**
 * Node's `http` module as a process that serves uses it. Importing its names would make Node read
 * every one of them, among them those of its own undici: 14 MB nobody uses (measured).
 */
export const nodeHttp = process.getBuiltinModule("node:http");
