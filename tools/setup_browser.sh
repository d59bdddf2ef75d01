#!/bin/sh
# Have a Chromium for the tests of the live demos. `make test-browser` calls this first.
#
# Installed only where apt is there and may be used without asking, as in a container that runs
# tests; elsewhere this says what to do, and the tests are skipped.
set -eu

for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    echo "Installing Chromium for the browser tests"
    if apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null; then
        exit 0
    fi
fi
echo "There is no Chromium, so the browser tests will be skipped." >&2
echo "To install it: apt-get install chromium (Debian), or Chrome from your system's store" >&2
