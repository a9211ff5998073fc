#!/usr/bin/env bash
# Install what the tests need beyond Python, on Debian and its children, as root: Chromium, Java, Node,
# Prometheus.
set -euo pipefail
missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v java >/dev/null || missing+=(default-jre-headless)
command -v npm >/dev/null || missing+=(nodejs npm)
command -v promtool >/dev/null || missing+=(prometheus)
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "please install: ${missing[*]} (this script does it on Debian, as root)" >&2
  exit 1
fi
apt-get update -qq
# RUNLEVEL=1: Debian starts no service there, and the tests start a Prometheus of their own.
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
