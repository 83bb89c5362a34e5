// SPDX-License-Identifier: Apache-2.0
import type { BulkResult } from '../bulk/result.ts';
import { memoryTable, peakTable, processorTable, type SystemResult } from '../system/report.ts';

/** Processor time and memory of each process; of all rows where somebody asks for them. */
export function footprint({ rows, memory }: SystemResult, bulk: BulkResult | undefined): string {
  const most = Math.max(...rows.map(({ clients }) => clients));
  const busiest = rows.filter(({ clients }) => clients === most);
  const fewer = rows.filter(({ clients }) => clients !== most);
  return `${processorTable(busiest)}
${fewer.length === 0 ? '' : `\n${folded('The same with fewer clients', processorTable(fewer))}\n`}
${memoryTable(memory)}

${growth(memory, bulk)}${peaks(rows)}`;
}

const folded = (summary: string, inner: string): string => `<details><summary>${summary}</summary>

${inner}

</details>`;

function peaks(rows: SystemResult['rows']): string {
  const found = peakTable(rows);
  if (found === '') return '';
  const summary = rows.some(({ peak }) => peak !== undefined)
    ? 'The most that each process had in memory by operation (RSS, MiB), of all rounds and numbers of clients'
    : 'What each process had in memory after each operation (RSS, MiB), the most of all numbers of clients';
  return `\n\n${folded(summary, found)}`;
}

/** What the API has more after load: what the code bounds, and that it is none of the number of records. */
function growth({ idle, loaded }: SystemResult['memory'], bulk: BulkResult | undefined): string {
  const [rest, work] = [idle.api?.rss, loaded.api?.rss];
  if (rest === undefined || work === undefined) return '';
  return `*After load* is after all of this section but profiles, too many clients among it. The API has ${(work - rest).toFixed(0)} MiB more then than at rest (RSS). What it keeps is bounded by number: 1,000 rows of records of up to 16 KiB and as many ends of chains of up to 4 KiB, 20 MiB at most ([ADR 39](adr/0039-not-authenticated-twice.md)); how far it has seen 10,000 chains of records and as many others, a hash each; 256 key pairs; 16 MB of SQLite’s pages; the requests under way, 1,000 at most, with their connections.
The rest was not measured apart: V8’s heap, which is collected when it must be and is seldom given back, code that was compiled, and what allocators keep of the pool’s threads.${byRecords(work, bulk)}`;
}

/** Many more records than this section makes, and what an API had at most while they were made. */
function byRecords(work: number, bulk: BulkResult | undefined): string {
  const made = bulk?.ways.find(({ way }) => way === 'import');
  const found = (made?.processes ?? []).filter(({ name }) => name.startsWith('api')).map(({ peak }) => peak);
  if (made === undefined || found.length === 0) return '';
  const peak = Math.max(...found);
  const said = ` An API had ${peak.toFixed(0)} MiB at most [while ${made.records.toLocaleString('en-US')} records were made](#many-records-in-and-out)`;
  return peak <= work
    ? `${said}, no more than here. [The store by the number of records](#the-embedded-store-by-the-number-of-records) has its memory at several sizes.`
    : `${said}.`;
}
