#!/bin/sh
# Fetches Neo4j's community server from Maven Central and prints the path of its command. Needs java
# >= 17 and mvn; about 45 s and 130 MB; npm test never runs it, and the CI has no mvn.
#
#   neo4j=$(scripts/parts/neo4j.sh)
#   "$neo4j" admin dbms set-initial-password WORD     # NEO4J_HOME, NEO4J_CONF in the environment
#   "$neo4j" run HOME                                 # HOME/conf/neo4j.conf says where it listens
set -eu
name=neo4j
. "$(dirname "$0")/install.sh"
pom=$(cd "$(dirname "$0")/neo4j" && pwd)/pom.xml
folder=$name-$(cat "$pom" "$0" | sha256sum | cut -c1-12)
for tool in java mvn; do
  command -v "$tool" >/dev/null || stop "$tool is missing: apt-get install default-jre-headless maven"
done
lock
if [ ! -e "$parts/$folder/.installed" ]; then
  say "fetching into $parts/$folder"
  rm -rf --one-file-system "${parts:?}/$folder"
  mkdir -p "$parts/$folder"
  timeout 600 nice mvn -q -B -f "$pom" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$parts/$folder/lib" >"$log" 2>&1 || stop "mvn failed, see $log"
  cat >"$parts/$folder/$name" <<'OUT'
#!/bin/sh
# neo4j admin ARG... | neo4j run HOME
set -eu
own=$(dirname "$(realpath "$0")")
lib=$own/lib
export NEO4J_HOME="${NEO4J_HOME:-$own}"
verb=$1
shift
if [ "$verb" = admin ]; then exec java -cp "$lib/*" org.neo4j.cli.AdminTool "$@"; fi
opens=
for one in java.nio java.io java.lang java.util.concurrent sun.nio.ch; do
  opens="$opens --add-opens=java.base/$one=ALL-UNNAMED"
done
# shellcheck disable=SC2086 # words on purpose
exec java -Xmx256m $opens -cp "$lib/*" org.neo4j.server.CommunityEntryPoint \
  --home-dir="$1" --config-dir="$1/conf"
OUT
  chmod 755 "$parts/$folder/$name"
  : >"$parts/$folder/.installed"
fi
link "$folder/$name"
