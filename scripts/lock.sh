#!/usr/bin/env bash
# Re-resolve both lock files; the runtime lock is a subset of the development lock.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --no-header \
  --no-emit-index-url --no-annotate --generate-hashes -q "$@"; }
compile --all-extras --group dev -o requirements-dev.lock
compile -c requirements-dev.lock -o requirements.lock
scripts/lock_deploy.sh
