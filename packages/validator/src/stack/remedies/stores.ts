/** What to do about a check of a store that failed, by kind and check. */
export const storeRemedies: Readonly<Record<string, string>> = {
  "redis.expiry": "Look for a proxy or a module that rewrites EXPIRE and TTL, and for a replica.",
  "redis.persistence":
    "Set appendonly or save as declared, and read the server's log for the save.",
  "redis.eviction": "Set maxmemory and maxmemory-policy in redis.conf or by CONFIG SET.",
  "redis.limits":
    "Set maxmemory below what its container may take, and maxclients to the declared.",
  "redis.topology": "Look at CLUSTER NODES, or SENTINEL masters, and bring back who is down.",
  "redis.replicas":
    "Look at INFO replication on both sides: address, masterauth, disk and network.",
  "postgres.grants":
    "Take CREATEROLE and SUPERUSER from the login, and CONNECT to others from PUBLIC.",
  "postgres.durability": "Set fsync and full_page_writes to on, and reload the configuration.",
  "postgres.connections": "End idle sessions, lower the pools, or raise max_connections.",
  "postgres.size":
    "Find the largest relations, remove or archive rows, then give the disk its room.",
  "postgres.migrations": "Run the migrations that are missing, with the tool that made the others.",
  "postgres.replication":
    "Look at pg_stat_replication and primary_conninfo; build the standby anew.",
  "postgres.slow_queries": "Look at pg_stat_activity for what it waits for; cancel it by its pid.",
  "postgres.pool": "Put a pool before the server that queues, or raise max_connections.",
  "postgres.slow_statements": "EXPLAIN the statement of that queryid, and give it its index.",
  "postgres.replication_lag":
    "Look for long queries and slow disks at the standby, and at its network.",
  "postgres.queries": "Run the query by hand, and put right the rows or what writes them.",
  "timescaledb.extension": "CREATE EXTENSION timescaledb in this database, or update it.",
  "timescaledb.hypertables": "Make the table a hypertable: create_hypertable, by its time column.",
  "timescaledb.jobs": "Look at timescaledb_information.job_errors, put it right, then run_job.",
  "s3.multipart": "Look for a proxy that limits bodies or changes ETags before the store.",
  "s3.versioning": "Turn versioning of the bucket on or off, as it was declared.",
  "s3.private": "Remove what is public from the bucket's policy and its access control list.",
  "s3.other_buckets": "Remove what is public from the policy of each named bucket.",
  "s3.policy": "Remove statements for every principal from the bucket's policy.",
  "s3.versions": "Keep old versions: look at lifecycle rules that expire them at once.",
  "minio.live": "Read the server's log: its drives, its licence, its memory.",
  "minio.cluster": "Bring back the nodes or drives that `mc admin info` shows as offline.",
  "mlflow.run": "Read the server's log for its backend store: address, migrations, disk.",
  "mlflow.artifact": "Look at --artifacts-destination, its credentials, and the bucket behind it.",
  "mlflow.registry": "Give it a database as backend store: a folder has no registry.",
  "mlflow.model_version": "Look at the server's artifact root, and at the registry's database.",
  "qdrant.read_back": "Read the server's log: disk, memory, and a cluster without its leader.",
  "neo4j.read_back":
    "Look whether this is a follower or a read-only database; write to its leader.",
};
