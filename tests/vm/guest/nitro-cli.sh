#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The machine's nitro-cli: hands its arguments to hypervisor.ts through a folder, and prints what comes back. A shell, since a parent that
# ends gives it a second.
bb=/bin/busybox
ask=/tmp/nitro/$$
$bb printf '%s\n' "$@" >"$ask.new"
$bb mv "$ask.new" "$ask.ask"
until [ -e "$ask.code" ]; do $bb sleep 0.02; done
$bb cat "$ask.out"
$bb cat "$ask.err" >&2
exit "$($bb cat "$ask.code")"
