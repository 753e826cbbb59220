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
