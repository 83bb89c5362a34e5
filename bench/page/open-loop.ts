// SPDX-License-Identifier: Apache-2.0
import { type OpenRow, openTable } from '../system/open-loop.ts';

/** Latency of requests that come whether or not those before were answered. Empty where it was not measured. */
export function openSection(rows: readonly OpenRow[]): string {
  if (rows.length === 0) return '';
  const behind = rows.filter(({ rate, row }) => row.perSecond < KEPT_UP * rate);
  return `
### At a rate of their own

Requests that come at random moments (a Poisson process), so many a second on average, whether or not those before were answered: at shares of the most that clients got in the table before. Latency counts from when a request was due where it had to wait for one of ${
    rows[0]?.row.clients ?? 0
  } connections, else from when it was sent. One window each.${
    rows.every(({ rested }) => rested === true)
      ? ''
      : ' Before the first of **get**, and after **create**, the pool of key pairs was empty and was filled beside what was measured: the local KMS makes each pair on the same cores.'
  }

${openTable(rows)}

${
  behind.length === 0
    ? 'The vault kept up with all of them.'
    : `It did not keep up with ${behind.map(({ share, row }) => `**${row.operation}** at ${(share * 100).toFixed(0)} %`).join(', ')}: what comes then waits longer and longer, and the figures are of that window alone.`
}
`;
}

/** Below this share of what came it fell behind: the rest is chance and the window's edges. */
const KEPT_UP = 0.95;
