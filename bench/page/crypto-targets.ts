// SPDX-License-Identifier: Apache-2.0
/** What opening 12 fields was to reach, in the cryptography's section. */
import { FLOOR, JS_PEERS, RECORDS, RECORDS_DER, STEPS } from '../crypto/names.ts';
import type { CryptoResult } from '../crypto/result.ts';
import { type Target, targetsAwake, targetsOf, wantedOf } from '../crypto/targets.ts';
import { figure, rough, table, times } from '../support/table.ts';

const COLUMNS = ['wanted', 'measured', 'noise', ''];

export function targets(result: CryptoResult): string {
  return [
    `*Measured* is the ratio of the medians. *Noise* is how far that of the 10th or that of the 90th percentiles lies from it, whichever is farther: a target that is passed by less is *reached, within noise*, and may be missed in the next run.`,
    table(['', ...COLUMNS], targetsOf(result).map(line)),
    keyAsDer(result),
    floor(result),
    awake(result),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function line(target: Target): string[] {
  const { what, ratio, noise, verdict } = target;
  const word = verdict.startsWith('not') ? `**${verdict}**` : verdict;
  if (verdict === 'not measured') return [what, wantedOf(target), '–', '–', word];
  return [what, wantedOf(target), times(ratio), `${rough((noise - 1) * 100)} %`, word];
}

/** The medians of opening 12 fields with P-384 and one encapsulation. */
function medians({ rows }: Pick<CryptoResult, 'rows'>): (name: string) => number {
  const row = rows.find(
    ({ suite, direction, format, fields }) =>
      suite === 'P-384' && direction === 'open' && format === 'shared' && fields === 12,
  );
  return (name) => row?.candidates[name]?.median ?? Number.NaN;
}

/** Why a record whose key KMS has just given is slower, where that misses a target. */
function keyAsDer(result: CryptoResult): string {
  const all = [...targetsOf(result), ...targetsAwake(result)];
  if (!all.some(({ ours, verdict }) => ours === RECORDS_DER && verdict === 'not reached')) return '';
  const median = medians(result);
  const [read, alone] = [result.steps[STEPS.key]?.median, result.steps[STEPS.nodeKey]?.median];
  if (read === undefined) return '';
  const best = Math.min(...JS_PEERS.map(median));
  // What nobody can leave out; an older result has it with this project's checks alone.
  const both = median(FLOOR) + (alone ?? read);
  const ofNode = alone === undefined ? '' : `; ${figure(alone)} by \`createPrivateKey\` alone`;
  const least = alone === undefined ? 'that step' : '`createPrivateKey`';
  return `With the key as DER it is ${figure(median(RECORDS_DER) - median(RECORDS))} ms more than with one that is ready: reading a P-384 key from PKCS#8 costs ${figure(read)} ms in Node (this project's checks of its form included${ofNode}), once per answer of KMS; the enclave keeps the key that was read, and reads none of them again.
The floor and ${least} together are ${times(both / median(FLOOR))} of the floor, and ${times(best / both)} faster than the best JavaScript peer given our format.`;
}

/** What no line of this project can change. */
function floor(result: CryptoResult): string {
  const median = medians(result);
  const best = Math.min(...JS_PEERS.map(median));
  return `The floor itself is ${times(best / median(FLOOR))} faster than the best JavaScript peer given our format: what is above that, a first read cannot reach, since all of them wait for the same ECDH of
the same OpenSSL. A record that was read before waits for none.`;
}

function floorAwake({ awake = [] }: CryptoResult): string {
  const median = medians({ rows: awake });
  return times(Math.min(...JS_PEERS.map(median)) / median(FLOOR));
}

/** Who hands each step to another thread waits longest where cores sleep: ratios of an idle machine flatter who does not. */
function awake(result: CryptoResult): string {
  const shown = targetsAwake(result);
  if (shown.length === 0) {
    return `**Not measured in this run: the same while no core may sleep.** The JavaScript peers hand each step to other threads; on an idle machine each waits for a core to wake up, which flatters who does not. Take a target that is passed by a few per cent as open until that was measured.`;
  }
  return `The JavaScript peers hand each step to other threads (WebCrypto) and wait for them. Where cores are idle, as above, each of these waits has one wake up first, which on a virtual machine costs more than the step. So the same once more while processes of the
lowest priority keep all cores awake, as on a server that has something to do, with the same rule for noise:

${table(['all cores awake', ...COLUMNS], shown.map(line))}

There the floor is ${floorAwake(result)} faster than the best JavaScript peer given our format.`;
}
