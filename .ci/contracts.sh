# The steps of .ci/run that hold the OpenAPI documents against software that is not
# ours. What they need is in .ci/contracts; it is installed from its lockfile into
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
  cp docs/openapi*.json "$contracts/docs" || return 1
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
