#!/usr/bin/env bash
# Installs Google's client libraries for the tests beside the scripts that use them: the Python ones into python/venv, the
# Node ones into node/node_modules. Exactly what is locked, by hash. Does nothing when that is there already.
set -euo pipefail
cd "$(dirname "$0")"
exec 9<install.sh
flock 9

# installed FOLDER FILE...: whether the folder was made from these files as they are now, for this Python and Node.
installed() {
  key=$({ sha256sum "${@:2}" && python3 --version && node --version; } | sha256sum | cut -c 1-64)
  [ -e "$1/.made-from" ] && [ "$(cat "$1/.made-from")" = "$key" ]
}

if ! installed python/venv python/requirements.txt; then
  rm -rf python/venv
  python3 -m venv python/venv
  # Wheels only: nothing is built, so nothing of a package runs here.
  python/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    --requirement python/requirements.txt
  echo "$key" >python/venv/.made-from
fi

if ! installed node/node_modules node/package.json node/package-lock.json; then
  npm ci --prefix node --ignore-scripts --no-audit --no-fund --loglevel=error
  echo "$key" >node/node_modules/.made-from
fi
