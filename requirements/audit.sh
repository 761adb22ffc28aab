#!/bin/sh
# Holds every locked package against the published advisories: PyPI's (pip-audit) and npm's (npm audit).
# Status 0: none is known. 1: one is known. 2: an index of advisories could not be reached, so nothing is known.
set -u
cd "$(dirname "$0")/.."
status=0
tool=build/audit
"${PYTHON:-python3}" -m infra.packages "$tool" requirements/audit.txt || exit 2

unknown() {
    echo "$1: not audited: $2"
    [ "$status" -eq 1 ] || status=2
}

# Gives the last word to what was found: an advisory counts more than an index that did not answer.
for lock in requirements/*.txt; do
    said=$("$tool/bin/pip-audit" --progress-spinner off --disable-pip --require-hashes --requirement "$lock" 2>&1)
    code=$?
    if echo "$said" | grep -q "^Found "; then
        echo "$lock:"
        echo "$said"
        status=1
    elif [ "$code" -ne 0 ]; then
        unknown "$lock" "PyPI's advisories could not be reached ($(echo "$said" | tail -n 1 | cut -c 1-100))"
    elif echo "$said" | grep -q "could not be audited"; then
        unknown "$lock" "this index has no advisories; try it where https://pypi.org can be reached"
    else
        echo "$lock: no known vulnerability"
    fi
done
said=$(npm audit 2>&1)
if [ $? -eq 0 ]; then
    echo "package-lock.json: no known vulnerability"
elif echo "$said" | grep -q "^# npm audit report"; then
    echo "$said"
    status=1
else
    unknown package-lock.json "this registry has no advisories; try it where https://registry.npmjs.org can be reached"
fi
exit "$status"
