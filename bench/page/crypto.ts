// SPDX-License-Identifier: Apache-2.0
/** The cryptography's section of docs/performance.md: every figure out of bench/results/crypto.json. */

import {
  CLIENTS,
  FLOOR,
  JS_PEERS,
  OURS,
  PYTHON,
  RECORDS,
  RECORDS_AGAIN,
  RECORDS_DER,
  RUST,
  STEPS,
  WAYS,
  type Way,
} from '../crypto/names.ts';
import type { CryptoResult, Row } from '../crypto/result.ts';
import type { Throughput } from '../crypto/throughput.ts';
import type { Run } from '../support/run.ts';
import { figure, table, times } from '../support/table.ts';
import { circumstances } from './circumstances.ts';
import { targets } from './crypto-targets.ts';
import { bars } from './plot.ts';

const SUITE = 'P-384';
const FIELDS = 12;
const NAMES = [FLOOR, OURS, RECORDS, RECORDS_DER, RECORDS_AGAIN, ...JS_PEERS, PYTHON, RUST];
const FORMATS = { shared: 'one encapsulation', each: 'one a field' } as const;

export function section(run: Run): string {
  const result = run as CryptoResult;
  return `
## Cryptography
OpenSSL ${result.openssl}. Suite ${SUITE}, values of 64 bytes when padded; medians
in ms, 10th to 90th percentile in brackets. The candidates take turns of one round. Others: ${versions(result)}.
With \`--suites P-256,P-384,P-521\` it is run for all three.

\`${FLOOR}\` is what nobody can leave out on Node: the ECDHs (with fresh key pairs when sealing) and AES-GCM by \`node:crypto\`, and nothing derived. \`${OURS}\` is HPKE alone,
\`${RECORDS}\` the whole of what the vault does with a record, its key read before: format, padding, JSON, a result a field. *Read before*: the enclave's cache still holds
the record's key, and with it the contexts of its writes. *Key as DER*: reading the private key included, as after each answer of KMS; peers have theirs read before, but for rustls.
The two columns of one field are the same work, but for \`${RECORDS}\`: they differ by this machine's noise. Compare candidates within a column; ratios across columns have that noise in them.

${(['open', 'seal'] as const).map((direction) => rowsOf(result, direction)).join('\n\n')}

![Opening 12 fields](performance/crypto-open.svg)

### What was to be reached, opening ${FIELDS} fields
${targets(result)}

### One field
${oneField(result)}

### On all cores
Records of ${FIELDS} fields a second, and ms for one of them (median, 99th percentile), by how many are wanted at once. *Thread pool*: the ECDH (and the key pair of a sealing) on libuv's
threads, everything else on the caller's. *Worker threads*: as many as cores, which get the record's bytes by message and send the values back.

${(['open', 'seal'] as const).map((direction) => throughput(result, direction)).join('\n\n')}
${rust(result)}
\`npx node bench/crypto.ts\`, ${circumstances(result)}
`;
}

export function plots(run: Run): Readonly<Record<string, string>> {
  const { rows } = run as CryptoResult;
  const of = (format: Row['format']): { label: string; value: number; ours: boolean }[] =>
    rows
      .filter((row) => row.direction === 'open' && row.format === format && isShown(row, FIELDS))
      .flatMap(({ candidates }) =>
        NAMES.filter((name) => candidates[name] !== undefined && name !== RECORDS_DER).map((name) => ({
          label: `${name}, ${FORMATS[format]}`,
          value: candidates[name]?.median ?? 0,
          ours: format === 'shared' && (name === RECORDS || name === RECORDS_AGAIN),
        })),
      );
  const title = `Opening ${FIELDS} fields, ${SUITE}`;
  return {
    'crypto-open.svg': bars({ title, unit: 'ms', log: true, bars: [...of('shared'), ...of('each')] }),
  };
}

const isShown = (row: Row, fields: number): boolean => row.suite === SUITE && row.fields === fields;

function versions({ peers }: CryptoResult): string {
  return Object.entries(peers)
    .map(([name, of]) =>
      'version' in of ? `${name} (${of.version})` : `${name} was not there: ${of.missing}`,
    )
    .join('; ');
}

function rowsOf({ rows }: CryptoResult, direction: Row['direction']): string {
  const shown = rows.filter((row) => row.direction === direction && row.suite === SUITE);
  const head = [
    direction === 'open' ? 'to open' : 'to seal',
    ...shown.map(
      ({ fields, format }) => `${fields} ${fields === 1 ? 'field' : 'fields'}, ${FORMATS[format]}`,
    ),
  ];
  const lines = NAMES.filter((name) => shown.some(({ candidates }) => candidates[name])).map((name) => [
    name,
    ...shown.map(({ candidates }) => {
      const spread = candidates[name];
      return spread ? `${figure(spread.median)} (${figure(spread.p10)}–${figure(spread.p90)})` : '';
    }),
  ]);
  return table(head, lines);
}

function oneField({ rows, steps }: CryptoResult): string {
  const row = rows.find((each) => each.direction === 'open' && each.format === 'shared' && isShown(each, 1));
  const median = (name: string): number => row?.candidates[name]?.median ?? Number.NaN;
  const step = (name: string): number => steps[name]?.median ?? Number.NaN;
  const shown = Object.values(STEPS).filter((name) => steps[name] !== undefined);
  return `For one field rustls on aws-lc-rs is ${times(median(RECORDS) / median(RUST))} as fast as this project (${figure(median(RUST))} against ${figure(median(RECORDS))} ms), and that is the ECDH: ${figure(step(STEPS.ecdhPoint))} ms with
Node's OpenSSL, ${figure(step(STEPS.rustEcdh))} ms with aws-lc (${times(step(STEPS.ecdhPoint) / step(STEPS.rustEcdh))}). All the rest of an HPKE context is ${figure(step(STEPS.setup) - step(STEPS.ecdhPoint))} ms here. aws-lc has assembly for ${SUITE} (s2n-bignum), and rustls spends
${figure(step(STEPS.rustKey))} ms of its time on reading the private key anew for each context. Node builds its OpenSSL without \`enable-ec_nistp_64_gcc_128\`, so its ${SUITE} and P-521 are OpenSSL's general code for any curve; the
OpenSSL in Python's \`cryptography\` has that code and needs ${figure(step(STEPS.pythonEcdh))} ms. With that flag Node's ECDH would be near that figure, and still ${times(step(STEPS.pythonEcdh) / step(STEPS.rustEcdh))} as long as aws-lc's. No line of this project
changes either; what can be done here is one ECDH for a whole record, and none for one that was read a moment ago.

${table(
  ['step', 'ms'],
  shown.map((name) => {
    const spread = steps[name];
    return [name, spread ? `${figure(spread.median)} (${figure(spread.p10)}–${figure(spread.p90)})` : ''];
  }),
)}${messages({ rows, steps })}`;
}

/** Twelve messages measured alone are no record of twelve: what one is there, by how the floor grows from 1 field to 100. */
function messages({ rows, steps }: Pick<CryptoResult, 'rows' | 'steps'>): string {
  const floor = (fields: number): number =>
    rows.find((each) => each.direction === 'open' && each.format === 'shared' && isShown(each, fields))
      ?.candidates[FLOOR]?.median ?? Number.NaN;
  const step = (name: string): number => steps[name]?.median ?? Number.NaN;
  const [alone, within] = [step(STEPS.message), (floor(100) - floor(1)) / 99];
  if (!(within > 0 && alone > within)) return '';
  return `

Each step is measured alone, between rounds of the others, so with cold caches. Within a record \`${STEPS.message}\` takes ${figure(within)} ms (the floor of 100 fields less that of one, by 99), not ${figure(alone)}:
the ECDH and ${FIELDS} of these are ${figure(step(STEPS.ecdh) + FIELDS * within)} ms, and the floor of ${FIELDS} fields was ${figure(floor(FIELDS))}.`;
}

function throughput({ throughput: all }: CryptoResult, direction: Row['direction']): string {
  const cell = (way: Way, clients: number): string => {
    const found = all.find(
      (each: Throughput) => each.direction === direction && each.way === way && each.clients === clients,
    );
    return found ? `${figure(found.rate)}/s (${figure(found.median)}, ${figure(found.p99)})` : '';
  };
  return table(
    [direction === 'open' ? 'opened' : 'sealed', ...CLIENTS.map((clients) => `${clients} at once`)],
    WAYS.map((way) => [way, ...CLIENTS.map((clients) => cell(way, clients))]),
  );
}

function rust({ rustRates, machine }: CryptoResult): string {
  if (rustRates === undefined) return '';
  const of = (work: string): string => figure(rustRates[work] ?? Number.NaN);
  return `
rustls on aws-lc-rs, with ${machine.cores} threads that share nothing: ${of('open-shared')} records a second opened in our format and ${of('open-each')} field by field, ${of('seal-shared')} and ${of('seal-each')} sealed.
`;
}
