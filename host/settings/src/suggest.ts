// SPDX-License-Identifier: Apache-2.0

/** ": did you mean X?" when a known name is near the one given, else nothing. */
export function didYouMean(given: string, known: readonly string[]): string {
  // A mistyped name may be long; what is far longer than any known name is near none.
  if (given.length > 200) return '';
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const found = distance(given.toLowerCase(), name.toLowerCase());
    if (found <= Math.max(2, name.length / 4) && found < (best?.distance ?? Infinity))
      best = { name, distance: found };
  }
  return best === undefined ? '' : `: did you mean ${best.name}?`;
}

/** Letters inserted, removed or replaced, and neighbours exchanged (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replace, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
