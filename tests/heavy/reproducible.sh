#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything that is bundled twice, in two checkouts that differ in whatever should not matter: path and its length, clock, time zone,
# language, umask, order and times of files, environment, user where that can be changed. Every file must be the same.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"

# Beside the packages: then they are linked and not copied.
work=$(mktemp -d "$PWD/.cache/reproducible-XXXXXX" 2>/dev/null || mktemp -d)
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
passed=0 failed=0
check() { # what, command…
  local what=$1
  shift
  if "$@" >"$work/out.txt" 2>&1; then
    passed=$((passed + 1))
    echo "ok     $what"
  else
    failed=$((failed + 1))
    echo "FAILED $what"
    sed 's/^/         /' "$work/out.txt" | tail -n 20
  fi
}

checkout() { # folder, sort options…: the sources as they are here, written in that order, and the installed packages
  local folder=$1
  shift
  mkdir -p "$folder"
  git ls-files -z --cached --others --exclude-standard | sort -z "$@" |
    while IFS= read -r -d '' file; do
      [ -f "$file" ] && printf '%s\0' "$file"
    done | xargs -0 cp --parents -t "$folder"
  find . -name node_modules -prune -not -path './.cache/*' -not -path './node_modules/*' -print | while read -r packages; do
    [ -d "$folder/$(dirname "$packages")" ] || continue
    cp -al "$packages" "$folder/$packages" 2>/dev/null || cp -a "$packages" "$folder/$packages"
  done
}

one=$work/a
two=$work/another/checkout/with/a/much/longer/path/and/a.dot/in/it
checkout "$one"
checkout "$two" -r
find "$two" -path '*/node_modules' -prune -o -type f -exec touch -d '2011-11-11 11:11:11' {} +
build=$PWD/tests/heavy/reproducible/build.ts
node=$(command -v node)

# 400 days later, as far as a program can tell.
later='data:text/javascript,const N=Date.now,D=Date;globalThis.Date=class extends D{constructor(...a){a.length?super(...a):super(N()+34560000000)}static now(){return N()+34560000000}}'
as=()
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  mkdir -p "$work/second"
  chmod 711 "$work"
  if chown -R 65534:65534 "$work/second" && setpriv --reuid=65534 --regid=65534 --clear-groups "$node" -e "
    require('fs').accessSync('$two/package.json'); require('fs').accessSync('$build')" 2>/dev/null; then
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  fi
fi
check 'everything is built' env -i PATH="$PATH" HOME="$HOME" TZ=UTC LC_ALL=C \
  bash -c "umask 022; cd '$one' && '$node' '$build' '$one' '$work/first'"
check "everything is built again, elsewhere and later${as:+, by another user}" env -i PATH="$PATH" HOME=/nonexistent \
  TZ=Asia/Kathmandu LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 NODE_ENV=production USER=somebody DEBUG='*' \
  "${as[@]}" bash -c "umask 077; cd / && '$node' --import \"\$1\" '$build' '$two' '$work/second'" _ "$later"
for file in $(sed 's/^[0-9a-f]*  //' "$work/first/SHA256SUMS"); do
  check "$file is the same" cmp "$work/first/$file" "$work/second/$file"
done
check 'and nothing else was built' cmp "$work/first/SHA256SUMS" "$work/second/SHA256SUMS"

# A build that took in its path or the time would be seen.
printf '\nglobalThis.builtAt = import.meta.filename;\n' >>"$two/host/smoke/src/main.ts"
env -i PATH="$PATH" "$node" "$build" "$two" "$work/third" >/dev/null 2>&1
check 'a changed source is another file' bash -c "! cmp -s '$work/first/smoke/index.mjs' '$work/third/smoke/index.mjs'"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
