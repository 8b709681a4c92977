#!/usr/bin/env bash
# Installs what the tests need, then runs them all: `./test.sh`, or some steps by name: `./test.sh clients story`.
# A tool that is missing is a failure: nothing is skipped.
set -euo pipefail
cd "$(dirname "$0")"

target=${CARGO_TARGET_DIR:-$PWD/target}
export WHARF_BIN=$target/release/wharf

install() { e2e/install.sh; }
format() { cargo fmt --all --check; }
lint() { cargo clippy --workspace --all-targets --locked -- -D warnings; }
tidy() { cargo xtask tidy; }
dependencies() { cargo xtask deny; }
unit() { cargo test --workspace --exclude wharf-e2e --locked; }
build() { cargo build --release --locked -p wharf; }
docs() { cargo xtask docs --check; }
end_to_end() { cargo test --locked -p wharf-e2e --test "$1" -- --nocapture; }
conformance() { end_to_end conformance; }
clients() { end_to_end clients; }
libraries() { end_to_end libraries; }
story() { end_to_end story; }
crash() { end_to_end crash; }
bad_input() { end_to_end bad_input; }
# Each start of gcloud is some seconds of a processor.
google() { RUST_TEST_THREADS=4 end_to_end google; }
operation() { end_to_end operation; }
kubernetes() { e2e/kubernetes.sh; }
# A few Pods at once: more would only wait for each other on a small machine.
cluster() {
  end_to_end cluster_life
  RUST_TEST_THREADS=4 end_to_end cluster
}
tutorial() { end_to_end tutorial; }
runtimes() { end_to_end runtimes; }
fuzz() { fuzz/run; }

steps=(install format lint tidy dependencies unit build docs conformance clients google libraries story crash
  bad_input operation kubernetes cluster tutorial runtimes fuzz)
[ $# -eq 0 ] || steps=("$@")

times=()
for step in "${steps[@]}"; do
  echo "=== $step"
  begin=$SECONDS
  "$step"
  times+=("$(printf '%5d s  %s' $((SECONDS - begin)) "$step")")
done
echo '=== all passed'
printf '%s\n' "${times[@]}"
