// SPDX-License-Identifier: Apache-2.0

/**
 * What a shell does between the hypervisor and the program. Descriptor 3 is the NSM, for the program alone; 4 leads to the hypervisor and
 * is closed before the program starts. The program's command line is "$@"; paths come in the environment, which it does not inherit.
 *
 * Each script says `ready`, then waits for `go`: a shell that reads the end of the stream instead ends, so no program starts for a
 * hypervisor that is gone. No core dump may hold what the program knows, and it writes no file: file size 0 leaves it its sockets.
 */
const BEGIN = `set -eu
umask 077
ulimit -c 0
`;
const GATE = `echo ready >&4
read -r go <&4
[ "$go" = go ]
`;

/**
 * In a mount namespace of its own: an empty tmpfs, which the hypervisor fills between \`ready\` and \`go\` and no path outside leads to, becomes
 * the root, read-only; the folder of the sockets is all that is shared.
 */
export const PRIVATE_ROOT_SCRIPT = `${BEGIN}"$MOUNT" -n -t tmpfs -o mode=0755,nosuid,nodev,size=1g enclave "$ROOT"
${GATE}"$MOUNT" -n --bind "$SOCKETS" "$ROOT/sockets"
"$MOUNT" -n -o remount,bind,nosuid,nodev,noexec "$ROOT/sockets" 2>&- || :
"$MOUNT" -n -o remount,bind,ro,nosuid,nodev "$ROOT"
[ -z "$HOSTNAME_TOOL" ] || "$HOSTNAME_TOOL" enclave || :
ulimit -f 0
exec "$@" 4>&-
`;

/** On the machine's own file system. The program takes the place of the shell. */
export const IN_PLACE_SCRIPT = `${BEGIN}${GATE}cd "$SOCKETS"
ulimit -f 0
exec "$@" 4>&-
`;

/** Where the kernel cannot be told to end the program with the hypervisor: a second shell waits for the stream's end and does it. */
export const WATCHED_SCRIPT = `${BEGIN}${GATE}cd "$SOCKETS"
ulimit -f 0
set +e
"$@" 4>&- &
child=$!
echo "pid $child" >&4
(
  read -r end <&4
  kill -KILL "$child"
) 3>&- 5>&- &
watch=$!
wait "$child"
status=$?
kill "$watch"
exit "$status"
`;
