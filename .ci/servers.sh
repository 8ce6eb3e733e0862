#!/usr/bin/env bash
# Sets up the real servers that the tests of remote engines talk to; kept between runs. Prints
# nothing if they are ready. Where a package registry cannot be reached it says so, loudly, on
# standard output, and the tests that need them are left out; any other trouble is a failure.
set -euo pipefail
servers="$(cd "$(dirname "$0")/.." && pwd)/../shared/servers"
for kind in triton mlserver reference; do
    if ! errors="$("$servers/$kind/setup.sh" 2>&1 >/dev/null)"; then
        if printf '%s' "$errors" | grep -qiE 'No matching distribution|Max retries|Connection (refused|error|timed out)|Name or service not known|Temporary failure in name resolution|ReadTimeout|ProxyError'; then
            printf '%s cannot be fetched: %s' "$kind" "$(printf '%s' "$errors" | tail -n 1)"
            exit 0
        fi
        printf '%s\n' "$errors" >&2
        exit 1
    fi
done
