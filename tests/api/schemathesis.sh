#!/usr/bin/env bash
# Asks the interface everything that its document allows, and much that it does not, and looks for faults of ours and answers that the document does
# not tell of: as one person of each role, first with invented names, then with names of what is there, so that requests get through to the work.
# Starts the demonstration in a folder of its own. Wants the built binary and Python; fetches schemathesis where it is missing.
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
here=$PWD/tests/api

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
issue() { "$retrofit" token issue --for "$1" --scope "$2" --label schemathesis | tail -1; }
failed=0
ask() {
    local config=$1 token=$2
    shift 2
    "$schemathesis" --config-file "$here/$config" run "http://127.0.0.1:$port/api/v1/openapi.json" \
        --header "Authorization: Bearer $token" "$@" || failed=1
}
# The administrator comes last: it may disable the others.
for who in jtj:read,send mishuchu:read,send,review shenji:read guanli:read,administer; do
    name=${who%%:*} scopes=${who#*:}
    token=$(issue "$name" "$scopes")
    printf '\n== as %s, of invented names\n' "$name"
    ask schemathesis.toml "$token" --exclude-operation-id delete_tokens_id "$@"
    printf '\n== as %s, of what is there\n' "$name"
    ask schemathesis-there.toml "$token" --exclude-operation-id delete_tokens_id "$@"
    # What revokes tokens has one of its own to take away.
    printf '\n== as %s, of tokens\n' "$name"
    ask schemathesis.toml "$(issue "$name" "$scopes")" --include-operation-id delete_tokens_id "$@"
done
exit "$failed"
