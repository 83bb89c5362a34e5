// SPDX-License-Identifier: Apache-2.0
import type { BulkResult, Way } from '../bulk/result.ts';
import { figure, table, times } from '../support/table.ts';
import { cpuPerRequest, type Row } from '../system/measure.ts';
import { isVaults } from '../system/processes.ts';
import type { SystemResult } from '../system/report.ts';

/** What one record takes where it is asked for alone: in the run of the whole vault. */
const ALONE = { import: 'create', export: 'decrypt-cold' } as const;
/** Below it a difference is no saving and no loss: rounds of one run differ by as much. */
const SAME = 0.1;
/** Processes that take less of a record, in ms, have no row. */
const NEXT_TO_NOTHING = 0.05;

const GROUPS: readonly (readonly [name: string, is: (process: string) => boolean])[] = [
  ['APIs', (name) => name.startsWith('api')],
  ['enclave', (name) => name.startsWith('enclave')],
  ['all of the vault', isVaults],
];

/** How the machine's speed changed meanwhile; empty where it was not measured after a way. */
export function speedChange({ machine, ways }: BulkResult): string {
  const after = ways.flatMap(({ way, ecdhMs }) => (ecdhMs === undefined ? [] : [{ way, ecdhMs }]));
  if (machine.ecdhMs === undefined || after.length === 0) return '';
  const all = [machine.ecdhMs, ...after.map(({ ecdhMs }) => ecdhMs)];
  const change = Math.max(...all) / Math.min(...all) - 1;
  return `
The machine's speed: one P-384 ECDH took ${machine.ecdhMs} ms before the run, ${after.map(({ way, ecdhMs }) => `${ecdhMs} ms after the ${way}`).join(', ')}; that is ${percent(change)} between the fastest and the slowest. Processor time of a record is to be compared within this run only.
`;
}

/** A record of a batch beside one that is asked for alone. Empty where the whole vault was not measured. */
export function besideAlone(result: BulkResult, system: SystemResult | undefined): string {
  const compared = system === undefined ? [] : result.ways.flatMap((way) => compare(result, way, system));
  if (system === undefined || compared.length === 0) return '';
  // Of machines whose speeds are not known nothing follows.
  if (compared.every(({ rows }) => rows.every(({ same }) => same === undefined))) return '';
  const { clients } = compared[0]?.alone ?? { clients: 0 };
  return `
Processor time of a record in a batch, beside that of a call for one record in [the whole vault under load](#the-whole-vault-under-load) with ${clients} clients: another run, with other numbers of processes and clients. ${speedsOf(result, system)}

${table(
  ['record of', 'process', 'in a batch, CPU ms', 'alone, CPU ms', 'batch of alone', 'at the same speed'],
  compared.flatMap(({ way, rows }) =>
    rows.map(({ name, batch, single, same }) => [
      `${way.way} (alone: ${ALONE[way.way]})`,
      name,
      figure(batch),
      figure(single),
      times(batch / single),
      same === undefined ? '–' : times(same),
    ]),
  ),
)}

${compared.map(({ way, rows }) => said(way, rows.at(-1))).join(' ')}
`;
}

interface Compared {
  readonly name: string;
  readonly batch: number;
  readonly single: number;
  /** Their ratio, had both runs had a machine of the same speed; undefined where one of them did not measure it. */
  readonly same: number | undefined;
}

function compare(
  result: BulkResult,
  way: Way,
  system: SystemResult,
): { readonly way: Way; readonly alone: Row; readonly rows: readonly Compared[] }[] {
  const alone = system.rows
    .filter(({ operation }) => operation === ALONE[way.way])
    .toSorted((a, b) => b.clients - a.clients)[0];
  if (alone === undefined) return [];
  const [here, there] = [speedDuring(result, way), system.machine.ecdhMs];
  const slower = here === undefined || there === undefined ? undefined : here / there;
  const rows = GROUPS.flatMap(([name, is]) => {
    const batch = cpuOfWay(way, is);
    const single = cpuPerRequest(alone, is);
    if (batch < NEXT_TO_NOTHING || single < NEXT_TO_NOTHING) return [];
    return [{ name, batch, single, same: slower === undefined ? undefined : batch / single / slower }];
  });
  return [{ way, alone, rows }];
}

/** Between that before a way and that after it. */
function speedDuring({ machine, ways }: BulkResult, way: Way): number | undefined {
  const before = ways[ways.indexOf(way) - 1]?.ecdhMs ?? machine.ecdhMs;
  return before === undefined || way.ecdhMs === undefined ? undefined : (before + way.ecdhMs) / 2;
}

/** Milliseconds a record. */
function cpuOfWay({ processes, records }: Way, is: (name: string) => boolean): number {
  const seconds = processes.reduce((sum, { name, cpu }) => (is(name) ? sum + cpu : sum), 0);
  return (seconds * 1000) / records;
}

function speedsOf(result: BulkResult, { machine }: SystemResult): string {
  const known = result.ways.flatMap((way) => {
    const ms = speedDuring(result, way);
    return ms === undefined ? [] : [`${figure(ms)} ms in the ${way.way}`];
  });
  if (machine.ecdhMs !== undefined && known.length > 0)
    return `One P-384 ECDH took ${known.join(', ')}, and ${machine.ecdhMs} ms before the run of the whole vault: *at the same speed* leaves that difference out.`;
  const one =
    result.machine.ecdhMs === undefined ? '' : ` (here one ECDH took ${result.machine.ecdhMs} ms before)`;
  const other = machine.ecdhMs === undefined ? '' : ` (there ${machine.ecdhMs} ms before)`;
  return `The machine's speed was not measured all along both runs${one}${other}, so they may differ by that alone.`;
}

/** Of all of the vault. */
function said({ way }: Way, all: Compared | undefined): string {
  if (all === undefined) return '';
  const { batch, single, same } = all;
  if (same === undefined)
    return batch < single
      ? `Whether a batch saves processor time of a record of the ${way} is not decided.`
      : `That a batch saves processor time of a record of the ${way} is not shown: as measured it took ${times(batch / single)} of one alone.`;
  if (same < 1 - SAME)
    return `A batch saves ${percent(1 - same)} of the processor time of a record of the ${way}.`;
  return same > 1 + SAME
    ? `A batch saves nothing of the processor time of a record of the ${way}: it took ${percent(same - 1)} more than one alone.`
    : `A batch saves nothing of the processor time of a record of the ${way}: within ${percent(SAME)} it took as much as one alone.`;
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
