// SPDX-License-Identifier: Apache-2.0

/** A Markdown table: the first column is words, the others are numbers unless it says otherwise. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  others: 'numbers' | 'words' = 'numbers',
): string {
  return [head, head.map((_, i) => (i === 0 || others === 'words' ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** Three digits that mean something: 0.123, 1.23, 12.3, 123, 12,300. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Number(value.toPrecision(3));
  return digits > 0 ? rounded.toFixed(Math.min(digits, 6)) : rounded.toLocaleString('en-US');
}

/** Two digits, for what is reckoned from what is not known better: 0.12, 1.2, 12, 120, 12,000. */
export function rough(value: number): string {
  return Number.isFinite(value)
    ? Number(value.toPrecision(2)).toLocaleString('en-US', { maximumSignificantDigits: 2 })
    : '–';
}

/** `12.3x`. */
export const times = (ratio: number): string => `${figure(ratio)}x`;

/** As `rough`, and never more than there is: for bounds. */
export function roughDown(value: number): string {
  if (!(value > 0)) return rough(value);
  const step = 10 ** (Math.floor(Math.log10(value)) - 1);
  return rough(Math.floor(value / step + 1e-9) * step);
}
