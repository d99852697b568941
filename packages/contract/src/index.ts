/** What is promised and what counts as proof: pure functions over plain data. */
export * from "./browser.ts";
