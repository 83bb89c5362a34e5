// SPDX-License-Identifier: Apache-2.0

import { FLOOR, JS_PEERS, OURS, PYTHON, RECORDS, RECORDS_AGAIN, RUST } from '../crypto/names.ts';
import type { CryptoResult } from '../crypto/result.ts';
import { readResult } from '../support/run.ts';
import { figure, table, times } from '../support/table.ts';
import type { Row } from '../system/measure.ts';
import type { SystemResult } from '../system/report.ts';
import type { ScalingResult } from '../system/scaling.ts';
import { DEFAULT_DECRYPTIONS } from './caller-rate.ts';
import { machineOf } from './circumstances.ts';
import { moreEnclaves } from './more-enclaves.ts';
import { LACKING, PUBLISHED } from './published.ts';

/** docs/comparison.md: what others publish, what was measured beside us, and where we lose. Undefined before anything was measured. */
export function comparisonPage(): string | undefined {
  const crypto = readResult('crypto') as CryptoResult | undefined;
  const system = readResult('system') as SystemResult | undefined;
  if (crypto === undefined || system === undefined) return undefined;
  return `<!-- written by node bench/page.ts from bench/results -->
# Against the field

Two kinds of figures, kept apart: what was **measured here**, in one run with us, and what **others publish**, about themselves or third parties about them, on their machines and of their designs. The first can be repeated (\`npm run bench\`); the second cannot be set beside ours
without a grain of salt, and is there to know the order of magnitude.

## Measured here: the cryptography of one record

Opening the 12 fields of a record, P-384, medians in ms of candidates that took turns (${machineOf(crypto.machine)}). *One encapsulation* is this vault's format: one ECDH for all that one write sealed. *One a field* is that of the AWS sample, and what a reader
without a record's format has to do. In brackets how many times as long as \`${RECORDS}\` with one encapsulation. \`${FLOOR}\`: the ECDH and AES-GCM alone, by \`node:crypto\`; \`${OURS}\`: our HPKE; \`${RECORDS}\`: all that the vault does with a record; *read before*: its key is in the enclave's cache: the only row without an ECDH. Ours, hpke and @hpke/core (both on Node's WebCrypto) are JavaScript; hpke-py and rustls are native. Details and sealing: [performance.md](performance.md).

${cryptoTable(crypto)}

## Measured here: the whole vault

On ${machineOf(system.machine)}, clients, KMS and all processes of the vault on that one machine, each answer after its audit entry is on the disk. *Hot*: the enclave unwrapped the record's key within the last minute; *cold*: KMS is asked with an attestation document.

${systemTable(system)}

At the most requests a second, latency is mostly waiting for a turn. Rate limits were lifted for it; ${DEFAULT_DECRYPTIONS}, so a default vault does not sustain the decryption rates above, on purpose.

**No peer of the table below was run beside it.** Databunker, HashiCorp Vault and Piiano Vault can be run on one's own machine; it was not done. They are servers of their own, which the scripts here do not install, fill or ask: they take what they need from npm, PyPI, crates.io and Maven, start no containers and hold no licence. Piiano Vault does not start without a licence and keeps its records in PostgreSQL; Databunker's figures below are of its Pro edition, and not of the program whose source is open; HashiCorp Vault's transit engine encrypts values and keeps no records. None opens records in an enclave, so each would be another shape: what they would reach on this machine is not known. The AWS sample, whose format is measured above, needs an account, a domain and a pipeline.

## What others publish

${table(
  ['who', 'figure', 'circumstances', 'source'],
  PUBLISHED.map(({ who, figure: says, circumstances, source, url, asOf }) => [
    who,
    says,
    circumstances,
    `[${source}](${url}), ${asOf}`,
  ]),
  'words',
)}

We found no published figure for a vault that decrypts records in a Nitro Enclave with a key pair for each record.

## Where we lose, and why

- **Given the same format, a native library is faster.** ${natives(crypto)} rustls' P-384 is assembly written for that curve, ours is what Node is built with. Little is left to win in JavaScript: [the figures](performance.md#cryptography)
  show how little of ours is not the ECDH itself. We are faster than rustls only where it uses one encapsulation a field (our format), or where the record was read before (our cache).
- **A library in the application's process is faster than any vault.** The AWS Database Encryption SDK opens an item where it is used. Here a request passes the API, the parent and the enclave, and its audit entry is written before the answer: that is the price of plaintext existing in one measured program alone.
- **Symmetric keys are cheaper than key pairs.** Transit engines and tokenizers use one AES key for many values. A key pair a record costs a KMS call to make, an ECDH to open, and some hundred bytes to store. It is what lets a writer seal without being able to read, and one record be destroyed by its key.
- **KMS decides how many records are made.** ${'`GenerateDataKeyPairWithoutPlaintext`'} has a quota of 100 a second for an account and Region until it is raised. Services that make keys themselves have none. A [pool](adr/0033-key-pairs-made-beforehand.md) takes the call off the request, not off the quota.
- **Throughput of one machine is modest beside fleets.** ${fleet(system)} Piiano's 60,000 a second are those of a fleet with a cache over PostgreSQL, without an enclave. What a fleet of ours would do is [a model](performance.md#on-aws-a-model-of-cost-and-throughput), not a measurement: nothing has run on AWS.
- ${moreEnclaves(readResult('scaling') as ScalingResult | undefined)}
- **The first read of a record waits for KMS.** On AWS perhaps 30 ms: that is what a KMS key costs beside a local one in the first row of what others publish, where the error bars are wide. Here a cold decryption takes ${waits(system)} more than a hot one. Most of that is the enclave's own work (the request with its attestation document, the answer of KMS, an ECDH), since this KMS is on the same machine. Systems that hold their master key in memory have no such first read.

## What others have and this vault has not

${LACKING.join('\n')}
`;
}

const waits = ({ rows }: SystemResult): string => {
  const ms = (operation: string): number =>
    rows.find((row) => row.operation === operation && row.clients === 1)?.median ?? Number.NaN;
  const [cold, hot] = [ms('decrypt-cold'), ms('decrypt-hot')];
  return `${figure(cold - hot)} ms (${figure(cold)} cold, ${figure(hot)} hot, one client)`;
};

/** What was measured of 12 fields. */
const candidates = (
  rows: CryptoResult['rows'],
  direction: 'open' | 'seal',
  format: 'shared' | 'each',
): CryptoResult['rows'][number]['candidates'] =>
  rows.find(
    (row) =>
      row.suite === 'P-384' && row.fields === 12 && row.direction === direction && row.format === format,
  )?.candidates ?? {};

/** How far ahead native libraries are with one encapsulation a record, opening and sealing 12 fields. */
function natives({ rows }: CryptoResult): string {
  const of = (direction: 'open' | 'seal') => candidates(rows, direction, 'shared');
  const [open, seal] = [of('open'), of('seal')];
  const ratio = (from: typeof open, name: string): string =>
    times((from[RECORDS]?.median ?? Number.NaN) / (from[name]?.median ?? Number.NaN));
  return [
    [RUST, 'rustls on aws-lc-rs'],
    [PYTHON, 'hpke-py'],
  ]
    .filter(([name = '']) => open[name] !== undefined)
    .map(
      ([name = '', who = '']) =>
        `${who} opens 12 fields ${ratio(open, name)} as fast and seals them ${ratio(seal, name)} as fast.`,
    )
    .join(' ');
}

const NAMES = [FLOOR, OURS, RECORDS, RECORDS_AGAIN, ...JS_PEERS, PYTHON, RUST];

function cryptoTable({ rows }: CryptoResult): string {
  const of = (format: 'shared' | 'each') => candidates(rows, 'open', format);
  const [shared, each] = [of('shared'), of('each')];
  const ours = shared[RECORDS]?.median ?? Number.NaN;
  const cell = (value: number | undefined): string =>
    value === undefined ? '' : `${figure(value)} (${times(value / ours)})`;
  return table(
    ['', 'one encapsulation', 'one a field'],
    NAMES.filter((name) => shared[name] !== undefined || each[name] !== undefined).map((name) => [
      `\`${name}\``,
      cell(shared[name]?.median),
      cell(each[name]?.median),
    ]),
  );
}

function systemTable({ rows }: SystemResult): string {
  const clients = [...new Set(rows.map((row) => row.clients))].sort((a, b) => a - b);
  const [one = 1] = clients;
  const best = (operation: string): Row | undefined =>
    rows
      .filter((row) => row.operation === operation && Object.keys(row.errors).length === 0)
      .toSorted((a, b) => b.perSecond - a.perSecond)[0];
  return table(
    [
      '',
      `${one} client: median ms`,
      'p99 ms',
      'most requests/s without an error',
      'at so many clients',
      'median ms at that',
      'p99 ms at that',
    ],
    [...new Set(rows.map(({ operation }) => operation))].map((operation) => {
      const single = rows.find((row) => row.operation === operation && row.clients === one);
      const most = best(operation);
      return [
        operation,
        figure(single?.median ?? Number.NaN),
        figure(single?.p99 ?? Number.NaN),
        figure(most?.perSecond ?? Number.NaN),
        String(most?.clients ?? ''),
        figure(most?.median ?? Number.NaN),
        figure(most?.p99 ?? Number.NaN),
      ];
    }),
  );
}

function fleet({ rows, machine }: SystemResult): string {
  const most = (operation: string): string =>
    figure(Math.max(...rows.filter((row) => row.operation === operation).map(({ perSecond }) => perSecond)));
  return `${most('decrypt-hot')} hot and ${most('decrypt-cold')} cold decryptions a second on ${machine.cores} shared cores, clients and KMS included.`;
}
