// SPDX-License-Identifier: Apache-2.0

import type { BulkResult } from '../bulk/result.ts';
import { type Run, readResult } from '../support/run.ts';
import { figure } from '../support/table.ts';
import { bottleneck, costOf, type Profiled } from '../system/cost.ts';
import { notAllHot } from '../system/hot.ts';
import { FULL, limitTable, POOL_THREADS } from '../system/limits.ts';
import { MIX, OPERATIONS } from '../system/operations.ts';
import { clientsOf, costTable, type SystemResult, systemCold, timings } from '../system/report.ts';
import { DEFAULT_DECRYPTIONS } from './caller-rate.ts';
import { underLoad } from './caution.ts';
import { circumstances } from './circumstances.ts';
import { disturbance, isSound } from './disturbed.ts';
import { footprint } from './footprint.ts';
import { hotCalls, wantedCalls } from './hot-calls.ts';
import { openSection } from './open-loop.ts';
import { tooMany } from './overload.ts';
import { lines } from './plot.ts';

/** The whole vault under load. */
export function section(run: Run): string {
  const result = run as SystemResult;
  const { machine, settings, rows, open = [], overloads, profiled } = result;
  const most = Math.max(...rows.map(({ clients }) => clients));
  const cold = systemCold(result);
  const busiest = rows.filter(({ clients }) => clients === most);
  return `
## The whole vault under load
${underLoad(machine)}
As its clients see it: API, parent, enclave, KMS and hypervisor as processes of their own, HTTP over loopback, every audit entry on the disk before the answer. Each client has one kept-alive connection and sends its next request when it
has the answer to the last, so many clients mostly wait for their turn. All latency in this table is that of such a closed loop: whoever waits asks for nothing meanwhile. ${open.length === 0 ? 'Requests that come at a rate of their own would wait longer near the most that is answered' : '[Requests that come at a rate of their own](#at-a-rate-of-their-own) have a table below'}. Answers are checked to be those of the record that was asked for. ${settings.rounds} rounds of ${settings.seconds} s, longer with one client; medians of the rounds,
p99.9 of all requests together; processor time is that of the round in the middle by throughput. Rate limits were lifted: ${DEFAULT_DECRYPTIONS} ([limits](user-guide.md#repeats-revisions-pages-limits)), on purpose.

${OPERATIONS.filter(({ name }) => rows.some(({ operation }) => operation === name))
  .map(({ name, what }) => `- **${name}**: ${what}`)
  .join('\n')}

${remembered(settings.hot)}

${timings(rows)}

*CPU ms a request* is that of API, parent and enclave together. An enclave works on 32 requests at the same time, and on 8 of one caller with expressions; all others wait for their turn in the API, in the parent or there.
The pool of key pairs is as by default, 50 a second: most creates here wait for KMS. ${refilled(rows)}[What it gives where it is larger](#kms-off-the-way-of-a-request).${callsOfCreate(rows)}${hotCalls(rows, settings.hot, clientsOf)}${rows.some(notAllHot) ? ' The table has *not all hot* at those.' : ''}${cold === '' ? '' : `\n${cold}`}${unknownCalls(rows)}
Clients took ${figure(Math.max(...busiest.map(({ clientsCpu, elapsed }) => clientsCpu / elapsed)))} of ${machine.cores} cores at most with ${most} of them.

${wantedCalls(rows, settings)}

![Throughput by the number of clients](performance/system.svg)
${openSection(open)}
### Too many clients

${tooMany(overloads)}

### Where the time goes

${
  profiled.length === 0
    ? 'Not measured in this run.'
    : `Processor time by what it was for, ${profiled[0]?.row.clients} clients: the kernel's figures for each process, divided as a CPU profile of its main thread says. Profiles cost time: the sums are above those of the table before, and that shares stay the same under them was not shown, so they are rough; besides, a thread which waits for the disk counts as busy (SQLite, files). *Cryptography* is that of
requests (ECDH, AEAD, HKDF, HMACs of records and audit, sealed messages, RSA of a KMS answer). *Beyond cryptography* is all but the rows *cryptography* and *TLS*.
Sealing shares the API's pool with the writing of audit heads and cannot be told from it: it counts as beyond cryptography, whose share is thus too high for create, update and mixed.

${costTable(profiled)}

${disturbance(profiled, rows)}

${wanted(profiled, isSound(profiled, rows, 'decrypt-hot'))}

What takes most, and the largest part of that, both in percent of the whole request: ${profiled.map((one) => `**${one.row.operation}** ${bottleneck(costOf(one))}`).join('; ')}.`
}

### What limits

The threads that used most while ${most} clients asked, in cores. A thread counts as full from ${FULL} of a core on, a pool of ${POOL_THREADS} threads from ${FULL * POOL_THREADS}, the machine from ${FULL} of its cores. What the kernel does outside these processes is in no figure.

${limitTable(busiest, machine.cores)}

### Processor time and memory of each process

Milliseconds of processor time a request. KMS and hypervisor are AWS's business in a deployment, and there is no supervisor.

${footprint(result, readResult('bulk') as BulkResult | undefined)}

\`npx node bench/system.ts\`, ${circumstances(result)} Mixed: ${Object.entries(MIX)
    .map(([name, share]) => `${share} % ${name}`)
    .join(', ')}.
`;
}

/** The pool is filled up again after creates: those calls are none of the operation's that comes next. */
function refilled(rows: SystemResult['rows']): string {
  const names = [...new Set(rows.map(({ operation }) => operation))];
  const next = names[names.indexOf('create') + 1];
  return !names.includes('create') || next === undefined
    ? ''
    : `Right after creates it is filled up again: those calls stand in the rows of **${next}**, which was measured next. `;
}

/** Rows of records and ends of chains that the API keeps as it authenticated them (KEPT_RECORDS, docs/adr/0039). */
export const REMEMBERED = 1_000;

/** What makes a decryption a hot one. */
function remembered(hot: number): string {
  const most = REMEMBERED.toLocaleString('en-US');
  return `*Hot* means: the record’s key is in the enclave ([cache](key-cache.md)), and the API has the record’s row and the end of its log as it authenticated them before ([ADR 39](adr/0039-not-authenticated-twice.md)); both are read at every request, and compared. It remembers ${most} of each, and the hot set of ${hot.toLocaleString('en-US')} ${hot <= REMEMBERED ? 'lies wholly within them' : 'is larger'}.`;
}

/** Calls of KMS by creates and calls that they waited for are two things. */
function callsOfCreate(rows: SystemResult['rows']): string {
  if (rows.every(({ operation }) => operation !== 'create')) return '';
  return `
KMS calls of **create** are all lines of KMS’s log in its time, so also those by which the pool is filled again beside the requests. A create that finds its pair in the pool waits for no call: \`record_keys_total{from}\` counts those that did and did not ([figures](key-pool.md#settings-and-figures)), and [tests/budget](../tests/budget/routes.test.ts) holds it to none.`;
}

/** What a dash among the calls of KMS is. */
function unknownCalls(rows: SystemResult['rows']): string {
  if (rows.every(({ kmsCalls }) => kmsCalls !== null)) return '';
  return "\nA dash among the calls: they were not counted. Calls are lines of the local KMS's log, which was cut or began a new file too often in every round of that row.";
}

/** What issue and design ask of decryptions, and how far that is. */
function wanted(profiled: readonly Profiled[], sound: boolean): string {
  const beyond = (name: string) => {
    const found = profiled.find(({ row }) => row.operation === name);
    if (found === undefined) return Number.NaN;
    const { cryptography, total } = costOf(found);
    return (1 - cryptography / total) * 100;
  };
  const [cold, hot] = [beyond('decrypt-cold'), beyond('decrypt-hot')];
  if (Number.isNaN(cold)) return '';
  return `Wanted of a decryption: under half of its processor time beyond its cryptography. ${cold < 50 ? 'Reached' : 'Not reached'} where KMS is asked (${cold.toFixed(0)} %)${
    Number.isNaN(hot)
      ? '.'
      : hot < 50
        ? `, and for a record that was read before (${hot.toFixed(0)} %).`
        : `, and out of reach for a record that was read before (${hot.toFixed(0)} %): caches took away most of its cryptography. What remains is two hops between processes, reading and comparing the record’s row and the end of its log, and an audit entry on the disk.${sound ? '' : ' Its column is disturbed (above): take that share as rough.'}`
  }`;
}

export function plots(run: Run): Readonly<Record<string, string>> {
  const { rows } = run as SystemResult;
  const operations = [...new Set(rows.map(({ operation }) => operation))];
  return {
    'system.svg': lines({
      title: 'Requests a second by the number of clients',
      x: 'clients',
      y: 'requests/s',
      logX: true,
      logY: true,
      lines: operations.map((label) => ({
        label,
        points: rows
          .filter(({ operation, perSecond }) => operation === label && perSecond > 0)
          .map(({ clients, perSecond }) => [clients, perSecond] as const),
      })),
    }),
  };
}
