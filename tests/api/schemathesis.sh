#!/usr/bin/env bash
# Asks the interface everything that its document allows, and much that it does not, and looks for faults of ours and answers that the document does
# not tell of. Starts the demonstration in a folder of its own. Wants the built binary and Python; fetches schemathesis where it is missing.
#
#     cargo build && bash tests/api/schemathesis.sh [options of `schemathesis run`]
set -euo pipefail
cd "$(dirname "$0")/../.."
retrofit=$PWD/${RETROFIT:-target/debug/retrofit}
port=${PORT:-8499}
schemathesis=${SCHEMATHESIS:-target/schemathesis/bin/schemathesis}
if ! [ -x "$schemathesis" ]; then
    python3 -m venv target/schemathesis
    target/schemathesis/bin/pip install --quiet 'schemathesis>=4.32,<5'
fi
schemathesis=$(realpath "$schemathesis")
options=$(realpath tests/api/schemathesis.toml)

folder=$(mktemp -d)
cd "$folder"
"$retrofit" demo --port "$port" >demo.log 2>&1 &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$folder"' EXIT
until grep -q '^网页' demo.log; do
    kill -0 "$demo" 2>/dev/null || { cat demo.log >&2; exit 1; }
    sleep 1
done

export RETROFIT_DATA_DIR=$folder/retrofit-demo
# The administrator comes last: it may disable the others.
for who in jtj:read,send mishuchu:read,send,review shenji:read guanli:read,administer; do
    token=$("$retrofit" token issue --for "${who%%:*}" --scope "${who#*:}" --label schemathesis | tail -1)
    printf '\n== as %s\n' "${who%%:*}"
    "$schemathesis" --config-file "$options" run "http://127.0.0.1:$port/api/v1/openapi.json" \
        --header "Authorization: Bearer $token" "$@"
done
