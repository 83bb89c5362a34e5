// SPDX-License-Identifier: Apache-2.0
/**
 * The embedded store with a great many records: `node bench/scale.ts --records 1000000,10000000 --folder DIR [--json FILE]`. Fills it with
 * records like the vault's own, thousands a transaction, and measures the vault that runs on it (README.md).
 */
import { mkdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fill, isSpread, readFilled } from './scale/fill.ts';
import { CHUNK } from './scale/ids.ts';
import { type Measured, measure } from './scale/measure.ts';
import { type Opened, start } from './scale/opened.ts';
import { RecordMaker, type Shape } from './scale/shape.ts';
import { type Verified, verify } from './scale/verify.ts';
import { demand, optionsOf } from './support/options.ts';
import { beginRun, type Run, writeResult } from './support/run.ts';
import { figure, table } from './support/table.ts';
import { record } from './system/operations.ts';

/** Bytes of the file for a record, about: to see beforehand which shape fits. */
const BYTES: Readonly<Record<Shape, number>> = { full: 4_300, slim: 600 };
/** Share of what is free that is used. */
const SHARE = 0.85;
/** Of the slim shape, which is there to fill a disk. */
const SLIM_SHARE = 0.95;

export interface Size extends Measured {
  readonly records: number;
  /** Of these, made by the vault itself. */
  readonly real: number;
  /** These lie everywhere in the file. Results from before it was seen to don't have it: a file that went on from a smaller one had them in that part. */
  readonly spread?: boolean;
  readonly shape: Shape;
  readonly bytes: number;
  /** Synthetic records a second while the file was filled. */
  readonly filledPerSecond: number;
  readonly verify: Verified | null;
}

export interface ScaleResult extends Run {
  readonly sizes: readonly Size[];
}

const values = optionsOf('scale', {
  records: { type: 'string', default: '100000' },
  folder: { type: 'string', default: join(tmpdir(), 'enclave-vault-scale') },
  shape: { type: 'string' },
  samples: { type: 'string', default: '5000' },
  'verify-up-to': { type: 'string', default: '1000000' },
  keep: { type: 'boolean', default: false },
  json: { type: 'string' },
});
const sizes = values.records
  .split(',')
  .map(Number)
  .sort((a, b) => a - b);
demand(
  sizes.every((n) => Number.isSafeInteger(n) && n >= CHUNK && n % CHUNK === 0),
  `--records takes multiples of ${CHUNK}`,
);
const run = beginRun('scale');
const root = resolve(values.folder);
mkdirSync(root, { recursive: true, mode: 0o700 });
const say = (what: string): void => void process.stderr.write(`${new Date().toISOString()} ${what}\n`);

const measured: Size[] = [];
for (const records of sizes) {
  const shape = shapeOf(records);
  for (const other of ['full', 'slim'] as const)
    if (other !== shape && !values.keep) rmSync(join(root, other), { recursive: true, force: true });
  const folder = join(root, shape);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  measured.push(await one(folder, shape, records));
  writeResult(values.json, { ...run, sizes: measured } as ScaleResult);
}
if (!values.keep)
  for (const shape of ['full', 'slim']) rmSync(join(root, shape), { recursive: true, force: true });
console.log(summary(measured));

async function one(folder: string, shape: Shape, records: number): Promise<Size> {
  const filled = readFilled(folder, shape);
  const opened = await start(folder);
  let bytes = 0;
  try {
    const maker = await makerOf(opened, shape);
    await fill({
      ...{ folder, records, filled, database: opened.database },
      reals: Number(values.samples),
      make: (id, micros) => maker.create(id, micros),
      makeReal: () => real(opened),
      progress: (done, perSecond) => say(`${done} of ${records} records, ${perSecond.toFixed(0)}/s`),
    });
    bytes = statSync(opened.database).size;
  } finally {
    await opened.stop();
  }
  say(`filled with ${records} ${shape} records: ${(bytes / 1e9).toFixed(2)} GB`);
  const found = shape === 'full' && records <= Number(values['verify-up-to']) ? await verify(folder) : null;
  if (found !== null) say(`audit verify ${JSON.stringify(found)}`);
  const result = await measure(folder, filled, (again) => makerOf(again, shape), say);
  return {
    ...{ records, shape, bytes, real: filled.real.length, spread: isSpread(filled), verify: found },
    filledPerSecond: (filled.millis.length * CHUNK) / filled.seconds,
    ...result,
  };
}

/** Makes synthetic records like one of the vault's. */
async function makerOf(opened: Opened, shape: Shape): Promise<RecordMaker> {
  const id = await real(opened);
  const item = await opened.store.get(`VAULT##${id}`, 'v0');
  if (item === undefined) throw new Error('the record is not there');
  return new RecordMaker(opened.keys, id, item, shape, 'key_scale');
}

async function real({ client }: Opened): Promise<string> {
  return String((await client.call('POST', '/v1/vaults', 201, record(Date.now()))).id);
}

/** The whole shape where it fits the disk, with what the folder holds already. */
function shapeOf(records: number): Shape {
  if (values.shape === 'full' || values.shape === 'slim') return values.shape;
  const { bavail, bsize } = statfsSync(root);
  const there = statSync(join(root, 'full/vault.db'), { throwIfNoEntry: false })?.size ?? 0;
  if (records * BYTES.full < (bavail * bsize + there) * SHARE) return 'full';
  const slim = statSync(join(root, 'slim/vault.db'), { throwIfNoEntry: false })?.size ?? 0;
  const free = bavail * bsize + slim + (values.keep ? 0 : there);
  if (records * BYTES.slim > free * SLIM_SHARE)
    throw new Error(
      `${records} records of ${BYTES.slim} bytes do not fit the ${(free / 1e9).toFixed(0)} GB that are free`,
    );
  return 'slim';
}

function summary(all: readonly Size[]): string {
  return table(
    [
      'records',
      'shape',
      'GB',
      'get p50 cold',
      'warm',
      'decrypt p50 warm',
      'audit rows/s, 64',
      'ready s',
      'API PSS MiB',
    ],
    all.map((size) => [
      size.records.toLocaleString('en-US'),
      size.shape,
      figure(size.bytes / 1e9),
      figure(size.get.cold?.p50 ?? Number.NaN),
      figure(size.get.warm.p50),
      figure(size.decrypt.warm.p50),
      figure(size.storeWrites.audit64),
      figure(size.start.cold),
      figure(size.memory.after?.pss ?? Number.NaN),
    ]),
  );
}
