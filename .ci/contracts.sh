# The steps of .ci/run that hold the OpenAPI documents, the AsyncAPI document, the schemas of
# events and the dialects against software that is not ours. What they need is in .ci/contracts; it is installed from its lockfile into
# the cache, and works in a temporary directory.

# packages NAME...: installs the Debian packages.
packages() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo -n)
  "${root[@]}" apt-get update -q &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"
}

contract_tools() {
  command -v node >/dev/null && command -v npm >/dev/null || packages nodejs npm || return 1
  command -v java >/dev/null || packages default-jre-headless || return 1
  local lock cache
  lock=$(sha256sum .ci/contracts/package-lock.json) && cache=$tools/contracts-${lock:0:16}
  if [ ! -d "$cache" ]; then
    mkdir -p "$cache.new" && cp .ci/contracts/package*.json .ci/contracts/.npmrc "$cache.new" &&
      (cd "$cache.new" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund) && mv "$cache.new" "$cache" || return 1
  fi
  contracts=$temporary/contracts
  cp -r .ci/contracts "$contracts" && ln -s "$cache/node_modules" "$contracts/node_modules" && mkdir "$contracts/docs" || return 1
  cp docs/openapi*.json "$contracts/docs" && cp docs/asyncapi.json "$contracts" || return 1
  [ ! -d docs/openapi ] || cp -r docs/openapi "$contracts/docs"
  node --version && java -version
}

# documents: the names of the OpenAPI documents, from where the tools work.
documents() { (cd "$contracts" && find docs -name '*.json' | sort); }

contract_lint() {
  local found
  mapfile -t found < <(documents)
  [ ${#found[@]} -gt 0 ] || return 1
  (
    cd "$contracts" || exit 1
    export REDOCLY_SUPPRESS_UPDATE_NOTICE=true
    timeout 120 node_modules/.bin/redocly lint "${found[@]}" &&
      timeout 120 node_modules/.bin/spectral lint --ruleset spectral.yaml --display-only-failures=false --fail-severity hint "${found[@]}"
  )
}

# The AsyncAPI document, from which others generate code and pages.
contract_asyncapi() {
  (
    cd "$contracts" || exit 1
    export REDOCLY_SUPPRESS_UPDATE_NOTICE=true
    timeout 120 node_modules/.bin/redocly lint asyncapi.json &&
      timeout 120 node_modules/.bin/spectral lint --ruleset asyncapi.yaml --display-only-failures=false --fail-severity hint asyncapi.json
  )
}

# with_service COMMAND...: runs the command with the address and the root token of a
# service that has been started for it, and has to do well and end well.
with_service() {
  local log=$temporary/muster.log token=the-root-token-of-the-contracts pid url='' result
  go build -o "$temporary/muster" ./cmd/muster || return 1
  rm -rf "$temporary/data" && : >"$log"
  MUSTER_ROOT_TOKEN=$token timeout --foreground 600 "$temporary/muster" serve --data "$temporary/data" --listen 127.0.0.1:0 --log-format json 2>"$log" &
  pid=$!
  for _ in {1..300}; do
    url=$(sed -n 's/.*"msg":"listening".*"url":"\([^"]*\)".*/\1/p' "$log")
    [ -z "$url" ] && kill -0 $pid 2>/dev/null || break
    sleep 0.1
  done
  [ -n "$url" ] && "$@" "$url" "$token"
  result=$?
  kill $pid && wait $pid || { echo "the service did not end well"; result=1; }
  ! grep -E '"level":"(WARN|ERROR)"' "$log" || result=1
  return $result
}

# The types of every document compile, and the client that is written with those of
# our own API does what it expects.
contract_client() {
  local document name found
  mapfile -t found < <(documents)
  (
    cd "$contracts/client" || exit 1
    for document in "${found[@]}"; do
      name=${document#docs/}
      name=${name//\//-}
      timeout 60 ../node_modules/.bin/openapi-typescript "../$document" --output "${name%.json}.d.ts" || exit 1
    done
    timeout 120 ../node_modules/.bin/tsc --project .
  ) && with_service timeout 60 node "$contracts/client/built/client.js"
}

# Events of a service are valid by the schemas that it names, in another validator than the
# one of our tests. It is in its strict mode, which finds mistakes in schemas too.
contract_schemas() {
  with_service timeout 60 env --chdir="$contracts/schemas" node run.mjs
}

# Clients that other people have written for the vendors of our dialects get from Muster
# what they expect, errors included.
contract_vendor_clients() {
  with_service timeout 200 env TMPDIR="$temporary" node "$contracts/clients/run.mjs"
}

# The examples for subscribers in TypeScript compile, and each shows every event of a running
# service although it is killed.
contract_subscribers() {
  local lock cache
  lock=$(sha256sum docs/examples/typescript/package-lock.json) && cache=$tools/subscribers-${lock:0:16}
  if [ ! -d "$cache" ]; then
    mkdir -p "$cache.new" && cp docs/examples/typescript/package*.json docs/examples/typescript/.npmrc "$cache.new" &&
      (cd "$cache.new" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund) && mv "$cache.new" "$cache" || return 1
  fi
  local copy=$temporary/subscribers
  mkdir -p "$copy" && cp -r docs/examples/typescript/{package.json,tsconfig.json,src,test.mjs} "$copy" && ln -s "$cache/node_modules" "$copy/node_modules" || return 1
  (cd "$copy" && timeout 120 node_modules/.bin/tsc) &&
    MUSTER_WEBHOOK_ALLOW_PRIVATE=true MUSTER_NATS_LISTEN=127.0.0.1:0 with_service timeout 300 node "$copy/test.mjs"
}

# Requests that Specmatic makes from each document, right and wrong ones, get answers
# that the document has, and nothing fails.
contract_generative() {
  local document found
  mapfile -t found < <(documents)
  for document in "${found[@]}"; do
    with_service timeout 200 env --chdir="$contracts/generative" GENERATIVE_SECONDS=150 node run.mjs "../$document" || return 1
  done
}

# What is exported from a log is judged by other people's software: the tiles of the whole log by
# Tessera's fsck, and an organization's proofs by a program of their libraries and nothing of ours.
contract_proofs() {
  local fsck=v1.0.4 bin dir=$temporary/proofs
  bin=$(tool github.com/transparency-dev/tessera/cmd/fsck $fsck fsck) || return 1
  rm -rf "$dir" && mkdir "$dir" || return 1
  MUSTER_DEMO=true MUSTER_PARTITIONS=1 with_service contract_history || return 1
  "$temporary/muster" audit export --data "$temporary/data" --all --out "$dir/log" &&
    "$temporary/muster" audit export --data "$temporary/data" --organization 42ecd324-fd52-5a58-9182-ae398d22f516 --out "$dir/organization" &&
    "$temporary/muster" audit verify --key "$dir/key" --older "$dir/older" "$dir/log" &&
    (cd .ci/contracts/proofs && go mod verify && go mod tidy -diff && go vet . && go build -o "$dir/judge" .) &&
    "$dir/judge" "$dir/organization" "$dir/organization/key" && contract_check &&
    (cd "$dir/organization" && sha256sum -c --quiet --strict SHA256SUMS) || return 1
  # fsck exits with 0 whatever it finds, and may hang.
  contract_fsck "$bin" "$dir/log/0" || return 1
  local bundle=$dir/log/0/tile/entries/001
  printf X | dd of="$bundle" bs=1 seek=$(($(stat -c %s "$bundle") / 2)) conv=notrunc status=none || return 1
  if contract_fsck "$bin" "$dir/log/0"; then
    echo "a damaged export passes"
    return 1
  fi
  local status=0
  "$temporary/muster" audit verify --key "$dir/key" "$dir/log" >"$dir/verified" 2>&1 || status=$?
  if [ "$status" -ne 1 ] || ! grep -q '^FAIL .*0/tile/entries/001' "$dir/verified"; then
    cat "$dir/verified"
    echo "verify of a damaged export exits with $status, and must exit with 1 and name the file"
    return 1
  fi
}

# The script in the documentation checks an event, and refuses one that was changed.
contract_check() {
  sed -n '/^```js$/,/^```$/p' docs/audit.md | grep -v '^```' >"$dir/check.mjs"
  sed -n 300p "$dir/organization/events.jsonl" | tr -d '\n' >"$dir/event"
  local proof
  proof=$(find "$dir/organization/proofs" -name "$(jq -r .sequence "$dir/event").tlog-proof")
  node "$dir/check.mjs" "$dir/key" "$dir/event" "$proof" || return 1
  printf ' ' >>"$dir/event"
  ! node "$dir/check.mjs" "$dir/key" "$dir/event" "$proof"
}

contract_fsck() {
  timeout 20 "$1" --ui=false --logtostderr --storage_url="file://$2/" --public_key="$2/key" 2>&1 | cut -c -300 | tee "$temporary/fsck"
  grep -q "Successfully fsck'd log with size" "$temporary/fsck" && ! grep -q 'fsck failed' "$temporary/fsck"
}

# contract_history URL TOKEN: takes the key and a checkpoint from the service, and makes a history
# that needs several tiles after it.
contract_history() {
  curl -sSf "$1/v1/checkpoints/key" -o "$dir/key" && curl -sSf "$1/v1/checkpoints?partition=0" -o "$dir/older" || return 1
  { echo email,role && seq -f 'person%.0f@example.com,viewer' 400; } >"$dir/people.csv"
  "$temporary/muster" import "$dir/people.csv" --workspace ce6bfca9-76d2-5bbc-a608-e6bda2f06e0e --url "$1" --token "$2" | tail -1
  for _ in {1..50}; do
    [ "$(curl -sSf "$1/v1/checkpoints?partition=0" | sed -n 2p)" -gt 800 ] && return
    sleep 0.2
  done
  return 1
}
