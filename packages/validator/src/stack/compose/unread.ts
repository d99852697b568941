import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { textOf } from "../wire/shape.ts";

/** Keys that are read. */
const read = `image environment ports volumes depends_on profiles deploy mem_limit command secrets`;

/** Keys of how a container is made and run: a check asks the running one, whatever the file says. */
const made = `annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent container_name
  cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset
  credential_spec develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint
  expose extra_hosts gpus group_add healthcheck hostname init ipc isolation labels logging mac_address
  mem_reservation mem_swappiness memswap_limit networks oom_kill_disable oom_score_adj pid pids_limit
  platform post_start pre_stop privileged pull_policy read_only restart runtime security_opt shm_size
  stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user
  userns_mode uts working_dir`;

const quiet: ReadonlySet<string> = new Set(`${read} ${made}`.split(/\s+/));

/** `network_mode` matters where the container has no ports of its own. */
const isOwnNetwork = (service: JsonRecord): boolean =>
  !/^(host|service:|container:)/.test(textOf(service["network_mode"]));

/** Keys of a service that say something a manifest could say, and were not read. */
export function unreadKeys(service: JsonRecord): string[] {
  return Object.keys(service).filter((key) => {
    if (key === "network_mode") return !isOwnNetwork(service);
    return !quiet.has(key) && !key.startsWith("x-");
  });
}

/** Names of the secrets that a service is given, of the short and the long form. */
export function secretNames(service: JsonRecord): string[] {
  const given = service["secrets"];
  const rows: readonly unknown[] = Array.isArray(given) ? given : [];
  return rows.map((row) => textOf(isRecord(row) ? row["source"] : row));
}
