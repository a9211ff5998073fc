#!/usr/bin/env bash
# Pin deploy/requirements.txt to the versions of requirements-dev.lock.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
# Without hashes, which pip would then demand of the packages that the builder adds, too.
sed 's/ *\\$//; /^ *--hash/d' requirements-dev.lock >build/deploy-constraints.txt
{
  echo "# Written by scripts/lock_deploy.sh from deploy/requirements.in and requirements-dev.lock."
  .venv/bin/uv pip compile deploy/requirements.in -c build/deploy-constraints.txt --python-version 3.11 \
    --python-platform x86_64-manylinux_2_28 --no-header --no-annotate --no-emit-index-url -q
} >deploy/requirements.txt
