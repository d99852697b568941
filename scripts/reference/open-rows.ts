/**
 * Rows of the checklist that no test binds, each with what is missing until one does. A row that a
 * test binds leaves this table; an architecture test holds both together.
 */
export const openRows: Readonly<Record<string, string>> = {
  "R0-20":
    "figures of a load carry no resolution of the clock and no least of 1000 samples per operation, so none prints as below it",
  "R0-25":
    "a restart and SIGKILL leave keys, usage and audit as they were, on SQLite and PostgreSQL; no power is cut",
  "R1-22":
    "the smoke profile plans 200 samples of each endpoint and takes two minutes; no test runs it whole against a socket",
  "R1-29":
    "the slope of memory and its interval are judged on recorded series and short runs; no test holds a soak for ten minutes",
  "R1-31":
    "quota-burst sees refusals, Retry-After, admitted counts and another key on any target; counting headers, the wait itself and a global limit it does not",
  "R1-33":
    "Prometheus scrapes and traces arrive; dashboards are generated and no Grafana loads one, and no logs are sent over OTLP",
  "R1-34": "no backup, schedule or restore drill is built: drills are declared and not tested",
  "R1-35": "a test runs the commands of the shipped workflow; no runner uploads what they write",
  "R1-36":
    "URLs of sentinels and clusters are taken, standbys are probed and replicas share limits; they share no cache, and no static assets are served",
  "R1-39": "load rates come from the plan, and no command loads sample data into a target",
  "R2-12": "no chaos stage is built: nothing kills a process of the target or times its recovery",
  "R2-13": "no chaos stage is built: nothing loads the target's CPU or measures it there",
  "R2-14": "no chaos stage is built: nothing fills the target's memory",
  "R2-15": "no chaos stage is built: nothing partitions two services of the target",
  "R2-16":
    "no chaos stage is built: the gateway's breakers are tested, no run injects faults and reads their transitions",
  "R2-17":
    "no chaos stage is built: no hypothesis of a steady state is held before, during and after a fault",
  "R2-18": "no chaos stage is built, so no share of upheld hypotheses is shown",
  "R2-19":
    "no chaos stage is built: there is no list of what faults may touch, and nothing to undo",
  "R2-20":
    "no audit stage is built: images are searched for secrets, by no vulnerability scanner and without an SBOM",
  "R2-21": "no audit stage is built: nothing tries SQL injection",
  "R2-22": "no audit stage is built: nothing tries cross-site scripting against a target",
  "R2-23":
    "no audit stage is built: one route is asked without and with a wrong key, not every route as every role",
  "R2-26":
    "no audit stage is built: no check judges security headers by the kind of route; the gateway's own answers over TLS carry HSTS",
  "R2-27": "no audit stage is built: nothing uploads hostile files to a target",
  "R2-28":
    "secrets of real formats are searched for in files, environment and images; no canary key is planted and no answer of the target is searched",
  "R2-29":
    "no audit stage is built, so there is no score weighted by severity; the scorecard counts claims of security without weights",
  "R2-30": "no drill is built: nothing backs up PostgreSQL and restores it",
  "R2-31": "no drill is built: nothing backs up Redis and restores it",
  "R2-32": "no drill is built: nothing backs up Qdrant and restores it",
  "R2-33": "no drill is built: nothing backs up Neo4j and restores it",
  "R2-34": "no drill is built: nothing backs up an object store and restores it",
  "R2-35": "no drill is built: nothing destroys data between a backup and its restore",
  "R2-36": "no drill is built: no writer keeps a ledger outside the store it writes to",
  "R2-37": "no drill is built, so no store is restored or skipped by one",
  "R2-40":
    "errors in 5 minutes have a static alert; no series counts lost records, so data loss has a claim and no alert",
  "R2-41":
    "the load counts good answers a second against a file's throughput; an answer over the latency objective of the same service counts as good, too",
  "R2-42":
    "objectives of RAG and MCP are read one by one; the gateway has no such operations and exports no series of them",
  "R2-43":
    "objectives of the stores are read; nothing exports series of a store, so no rule watches them",
  "R2-45":
    "intervals of the file set the scrape of Prometheus and absence is told after 15 minutes; health intervals set nothing",
  "R2-47":
    "nothing is encrypted at rest: state and files lie in the state directory as they came; TLS covers the wire",
  "R2-49": "no drill is built, so no RPO and no RTO is measured",
  "R2-53":
    "chaos, security and backup have no verb, for their stages are not built; docs/guides/suite.md maps the other nine",
  "R2-58":
    "Prometheus and Alertmanager answer for real; panels are held to data against a twin alone, and no dashboard is shipped",
  "R2-59":
    "the shipped workflow is read as text by a test: nothing runs its week, its artifacts or its archive",
  "R2-61":
    "a release holds no run of its own: the tarball is validated by a test and no signed bundle is packed into it",
  "R2-64":
    "schemas, diff and trend are there and versioned; no finding carries a link to a runbook",
  "R3-01":
    "no production image is built, so nothing gates its size, its SBOM or that it can be reproduced",
  "R3-02":
    "no image is built: drain and exit code are seen on a process, not on a running container",
  "R3-03": "no image is built, so none reports its health",
  "R3-04":
    "a clean clone installs from the lockfile and leaves git clean, but no image is built from it",
  "R3-05":
    "no image, manifest, chart or compose file is shipped that a lint could hold against the port",
  "R3-07": "no SAML login is built: keys are the only credential",
  "R3-08": "no SAML login is built, so no metadata of an identity provider is read",
  "R3-09": "the matrix of roles goes through API keys alone: no login opens a session",
  "R3-10":
    "a surface names one permission; guards by role, by any and by all of several are not built",
  "R3-13": "no cache of completions is built, in the process or in Redis",
  "R3-14": "no cache of completions is built that would need a key",
  "R3-15": "no cache of completions is built, so there are no tags to invalidate",
  "R3-16": "no cache of completions is built, so nothing has a time to live in Redis",
  "R3-17": "no cache of completions is built: each call goes to its upstream",
  "R3-18": "no cache of completions is built that would count hits and misses",
  "R3-19": "no cache of completions is built whose tiers could be timed",
  "R3-20":
    "the gateway has no rooms; the load engine's own clients speak to sockets of other servers",
  "R3-21": "the gateway has no socket API, so there is nothing to call through one",
  "R3-22": "the gateway has no socket API, so no heartbeat drops a half-open one",
  "R3-23": "the gateway has no socket API, so there are no message types",
  "R3-24": "the gateway has no socket API whose limits and clean-up could be tried",
  "R3-26": "keys are checked strictly and secrets come from files and variables; no vault is read",
  "R3-27": "prompts are not looked at: no guardrail finds injections or personal data",
  "R3-28":
    "TLS, its rotation and shared limits are tried; secrets come from files and variables, not from a vault",
  "R3-30":
    "spans join caller, gateway and upstream; that logs reach a store is neither documented nor run",
  "R3-31":
    "no balancer, manifest or autoscaler is shipped: two gateways are tried on one Redis without them",
  "R3-33": "no backup or restore of our own stores is built",
  "R3-34":
    "a ladder tells the knee; nothing names the bottleneck, and 1000 users on the built-in model are no test",
  "R3-35": "no deploy template is shipped and no container of ours exists to validate",
  "R3-36": "no audit stage is built: its claims are declared and not tested",
  "R3-37":
    "profiles of load run and slow statements are a check of PostgreSQL, but none is captured under load",
  "R3-38":
    "the guides are executed and the API document is tried; runbooks and deployment scripts are not written",
  "R4-03":
    "the check of dashboards is tried against its twin and its saboteur, never against a real Grafana",
  "R4-08": "no stage runs or reads test suites, so their counts are no evidence and no gate",
  "R4-09": "no stage runs or reads test suites, so those of models are not counted either",
  "R4-10":
    "the unit tests run and write JUnit; their share of covered lines is not gated and they carry no tags",
  "R4-14":
    "memory and CPU of a control group are sampled beside a load; no claim holds them to a share of a limit",
  "R4-18":
    "a client certificate is asked for and its SPIFFE id binds a key; by itself it gives no role",
  "R4-19": "no mesh and no policy between services is built: the gateway alone denies by default",
  "R4-20": "no policy for a cluster is rendered, and no edge is probed in a namespace of its own",
  "R4-21":
    "the hybrid group is negotiated on the listener; no ML-DSA chain, tampered ciphertext or group read off the wire",
  "R4-22":
    "an object store that is taken out is disabled; redis, otlp and errors are seen absent only, and no run judges claims that need them",
  "R4-23": "nothing heals by itself under a plan of actions that a prober outside verifies",
  "R4-24": "no federated learning is built",
  "R4-25": "no retrieval is built in the gateway that could be made better",
  "R4-26": "no stage reads the counts of unit tests into evidence",
  "R4-27": "no stage reads the counts of integration tests into evidence",
  "R4-28": "no chaos stage is built: nothing kills, loads or partitions a target",
  "R4-30":
    "manifests of others are checked against a cluster; none of ours is shipped, rendered or run",
  "R4-31": "no Helm chart is shipped",
  "R4-37": "no manifest of ours is shipped that podman or kind could run",
  "R4-38": "no drill is built: its claims are declared and not tested",
};
