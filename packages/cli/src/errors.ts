import { defineErrors } from "@loadline/kit/errors";

/** Everything the command line itself refuses. */
export const cliErrors = defineErrors({
  LL_CLI_NODE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The Node that runs the command is older than 24.12.",
    remedy: "Start it with `npx loadline` in the folder it is installed in, or install Node 24.",
  },
  LL_CLI_VERB: {
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "There is no such verb.",
    remedy: "Run `loadline --help`.",
  },
  LL_CLI_FLAG: {
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "There is no such flag.",
    remedy: "Run the verb with `--help`.",
  },
  LL_CLI_VALUE: {
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "A value is missing or out of range.",
    remedy: "Run the verb with `--help`.",
  },
  LL_CLI_ARGUMENT: {
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "An argument is missing or one too many was given.",
    remedy: "Run the verb with `--help`.",
  },
  LL_CLI_KEY_MISSING: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The variable named by --api-key-env is not set.",
    remedy: "Export the key under that name, then run the same command again.",
  },
  LL_CLI_KEY_FILE: {
    fault: "platform",
    retryable: false,
    exit: 78,
    summary: "The local key file cannot be used.",
    remedy: "Delete `local.key` in the state directory; `loadline up` makes a new one.",
  },
  LL_CLI_BUNDLE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The bundle cannot be read.",
    remedy: "Give the folder of one run, the one that holds `evidence.jsonl`.",
  },
  LL_CLI_REPORT: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The report to lint cannot be read.",
    remedy: "Give the path of a Markdown, text, HTML or JSON file.",
  },
  LL_CLI_PART_MISSING: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "A part of the installation is missing.",
    remedy: "Install the package again; `loadline doctor` lists its parts.",
  },
  LL_CLI_WRITE: {
    fault: "platform",
    retryable: false,
    exit: 78,
    summary: "The output cannot be written.",
    remedy: "Check that the folder exists, is writable and has space.",
  },
  LL_CLI_UNEXPECTED: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "Loadline itself failed.",
    remedy: "Run it again with LOADLINE_DEBUG=1 and report what it prints.",
  },
});
