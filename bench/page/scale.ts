// SPDX-License-Identifier: Apache-2.0

import type { Twice } from '../scale/measure.ts';
import type { Latency } from '../scale/timing.ts';
import type { ScaleResult, Size } from '../scale.ts';
import type { Run } from '../support/run.ts';
import { figure, table } from '../support/table.ts';
import { CACHED_KEYS } from '../system/cold.ts';
import { SAMPLES_OF_P999 } from '../system/statistics.ts';
import { underLoad } from './caution.ts';
import { circumstances } from './circumstances.ts';
import { lines } from './plot.ts';
import { gotWorse, separatePasses } from './scale-worse.ts';

/** Below, what a large store is about (index pages that memory does not hold, long files) does not show. */
const FEW = 1_000_000;

/** The embedded store with a great many records. */
export function section(run: Run): string {
  const result = run as ScaleResult;
  const { sizes } = result;
  const slim = sizes.some(({ shape }) => shape === 'slim');
  const [first] = sizes;
  return `
## The embedded store, by the number of records
${cautions(result)}
One SQLite file, filled with records like the vault's own: the same attributes and lengths, ciphertext of random bytes, true MACs, and true audit chains, so that the vault reads and verifies them; ${first?.real.toLocaleString('en-US') ?? ''} that the vault made itself are spread among them, and are those that are decrypted.${unspread(sizes)}${
    slim
      ? ' "slim": a disk does not hold so many whole ones; they have one short field, a wrapped key cut short, and no audit rows, so that a create of theirs writes one row of some 500 bytes and no more: compare no rows of two shapes.'
      : ''
  }
Ids are drawn at random from all. Cold: the system was told to forget the file a moment before. Warm: the same again. One client; milliseconds, p50 / p99 / p99.9. Where there were fewer than ${count(SAMPLES_OF_P999)} calls, p99.9 is left out.${asksKms(first)}

${table(
  [
    'records',
    'shape',
    'file, GB',
    'bytes a record',
    'get, cold, ms',
    'get, warm, ms',
    'decrypt, cold, ms',
    'decrypt, warm, ms',
    'store alone, cold, ms',
    'store alone, warm, ms',
  ],
  sizes.map((size) => [
    count(size.records),
    size.shape,
    figure(size.bytes / 1e9),
    count(Math.round(size.bytes / size.records)),
    show(size.get.cold),
    show(size.get.warm),
    show(size.decrypt.cold),
    show(size.decrypt.warm),
    ...both(size.storeGet),
  ]),
)}${separatePasses(sizes)}

Writes a second: of the store alone, one after the other and 64 at the same time (those share their syncs), of what a create writes and of what a decryption writes to the chain of any record; and of the whole vault with 32 clients, where processor time decides. Each is from 4 s of writing: where two rows of the whole vault differ by a third, that says nothing about the number of records.

${table(
  [
    'records',
    'shape',
    'store: creates/s',
    'store: creates/s, 64 at once',
    'store: audit entries/s',
    'store: audit entries/s, 64 at once',
    'vault: creates/s',
    'vault: decryptions/s',
    'filled, records/s',
  ],
  sizes.map((size) => [
    count(size.records),
    size.shape,
    ...[
      size.storeWrites.create,
      size.storeWrites.create64,
      size.storeWrites.audit,
      size.storeWrites.audit64,
    ].map(figure),
    ...[size.vaultRates.create, size.vaultRates.decrypt, size.filledPerSecond].map(figure),
  ]),
)}

${table(
  [
    'records',
    'shape',
    'start to ready, s, cold',
    'start to ready, s, warm',
    'backup, s',
    'backup, MB/s',
    'API, PSS MiB: started',
    'after all of this',
    'audit verify, s',
    'audit verify: peak, MiB',
  ],
  sizes.map((size) => [
    count(size.records),
    size.shape,
    figure(size.start.cold),
    figure(size.start.warm),
    size.backup.whole
      ? figure(size.backup.seconds)
      : `${figure((size.backup.seconds * size.bytes) / size.backup.bytes)} (reckoned)`,
    figure(size.backup.bytes / 1e6 / size.backup.seconds),
    figure(size.memory.started?.pss ?? Number.NaN),
    figure(size.memory.after?.pss ?? Number.NaN),
    ...(size.verify === null ? ['–', '–'] : [figure(size.verify.seconds), figure(size.verify.peakMiB)]),
  ]),
)}${cutShort(sizes)}${unverified(sizes)}

${
  sizes.length < 2
    ? ''
    : `${grown(sizes)}${xOf(sizes) === 'records' ? '' : ' In the plot a line ends where the shape changes, since sizes of two shapes are no series.'}

![Latency by the number of records](performance/scale.svg)

`
}\`npx node bench/scale.ts --records ${sizes.map(({ records }) => records).join(',')}${samples(first)}\`, ${circumstances(result)} The client shares the machine. [Why the store is as it is](adr/0036-store-at-scale.md).
`;
}

/** Samples are as many in each size, or were in the first. */
const samples = (size: Size | undefined): string => (size === undefined ? '' : ` --samples ${size.real}`);

/** Where the vault's own records are not among all others. */
function unspread(sizes: readonly Size[]): string {
  const said = sizes.flatMap(({ records, shape, spread }, i) => {
    const before = sizes.slice(0, i).findLast((size) => size.shape === shape);
    if (spread === true || (spread === undefined && before === undefined)) return [];
    return [
      before === undefined || spread === false
        ? `of ${count(records)} they lie in a part of the file`
        : `the file of ${count(records)} went on from that of ${count(before.records)}, and they lie in its first ${count(before.records)} records`,
    ];
  });
  return said.length === 0
    ? ''
    : ` Not so everywhere: ${said.join('; ')}. Decryptions read from that part alone there.`;
}

/** Of records that take turns none is remembered where they are more than the enclave's cache of keys holds. */
function asksKms(size: Size | undefined): string {
  if (size === undefined || size.real <= CACHED_KEYS) return '';
  return `
Decryptions ask KMS in both columns: more records take turns than the enclave remembers keys of ([${count(CACHED_KEYS)}](key-cache.md)), so warm is the file and not the key.`;
}

export function plots(run: Run): Readonly<Record<string, string>> {
  const { sizes } = run as ScaleResult;
  // One point is no line.
  if (sizes.length < 2) return {};
  const line = (label: string, of: (size: Size) => number | undefined) => ({
    label,
    points: sizes.flatMap((size, i) => {
      const y = of(size);
      const anew = size.shape !== sizes[i - 1]?.shape;
      return y === undefined ? [] : [[size.records, y, anew] as const];
    }),
  });
  return {
    'scale.svg': lines({
      title: 'One SQLite file: median latency by the number of records',
      x: xOf(sizes),
      y: 'ms',
      logX: true,
      logY: true,
      lines: [
        line('get, cold', ({ get }) => get.cold?.p50),
        line('get, warm', ({ get }) => get.warm.p50),
        line('decrypt, cold', ({ decrypt }) => decrypt.cold?.p50),
        line('decrypt, warm', ({ decrypt }) => decrypt.warm.p50),
        line('store alone, cold', ({ storeGet }) => storeGet.cold?.p50),
        line('store alone, warm', ({ storeGet }) => storeGet.warm.p50),
      ].filter(({ points }) => points.length > 0),
    }),
  };
}

/** What the reader must know before he reads a figure. */
function cautions({ sizes, machine }: ScaleResult): string {
  const most = Math.max(0, ...sizes.map(({ records }) => records));
  const few =
    most < FEW ? `\n**${count(most)} records at most: of a large store these figures say nothing.**\n` : '';
  return `${underLoad(machine)}${few}`;
}

/** What changed from the least to the most of one shape, in words that follow the figures. */
function grown(sizes: readonly Size[]): string {
  return SHAPES.map((shape) => {
    const same = sizes.filter((size) => size.shape === shape);
    const [first, most] = [same[0], same.at(-1)];
    if (first === undefined || most === undefined || first === most) return '';
    const [before, after] = [first.memory.after?.pss ?? Number.NaN, most.memory.after?.pss ?? Number.NaN];
    return `From ${count(first.records)} to ${count(most.records)} records${same.length === sizes.length ? '' : ` (${shape})`} the API's memory went from ${figure(before)} to ${figure(after)} MiB, and a warm get from ${figure(first.get.warm.p50)} to ${figure(most.get.warm.p50)} ms.${gotWorse(first, most)}`;
  })
    .filter((said) => said !== '')
    .join(' ');
}

const SHAPES: readonly Size['shape'][] = ['full', 'slim'];

/** The axis names the sizes that are of another shape than the first. */
function xOf(sizes: readonly Size[]): string {
  const others = sizes.filter(({ shape }) => shape !== sizes[0]?.shape);
  if (others.length === 0) return 'records';
  return `records (${others.map(({ records, shape }) => `${count(records)}: ${shape}`).join(', ')})`;
}

/** Backups whose time is reckoned from a part. */
function cutShort(sizes: readonly Size[]): string {
  const cut = sizes.filter(({ backup }) => !backup.whole);
  if (cut.length === 0) return '';
  const parts = cut.map(
    ({ backup, bytes, records }) =>
      `${figure(backup.bytes / 1e9)} of ${figure(bytes / 1e9)} GB with ${count(records)} records`,
  );
  return `

Reckoned: the disk had no room for the whole backup. It was ended after ${parts.join(', ')}, and the time is what the whole takes at the same speed.`;
}

/** What a dash in the last columns is. */
function unverified(sizes: readonly Size[]): string {
  if (sizes.every(({ verify }) => verify !== null)) return '';
  return `

A dash under audit verify: not run. Unless told otherwise (\`--verify-up-to\`), the script verifies the audit of up to 1,000,000 full records, for the time that more take; slim records have none.`;
}

const count = (n: number): string => n.toLocaleString('en-US');
const show = (times: Latency | null): string =>
  times === null
    ? '–'
    : [times.p50, times.p99, ...(times.count < SAMPLES_OF_P999 ? [] : [times.p999])].map(figure).join(' / ');
const both = ({ cold, warm }: Twice): readonly [string, string] => [show(cold), show(warm)];
