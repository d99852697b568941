/**
 * The known word that a wrong one was meant to be, for messages.
 *
 * ```ts
 * throw errors.make("LL_CLI_VERB", `${verb}: unknown verb.${meant(verb, verbs)}`);
 * ```
 */
export { editDistance, meant, nearest } from "./nearest.ts";
