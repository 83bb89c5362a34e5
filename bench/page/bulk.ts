// SPDX-License-Identifier: Apache-2.0

import { type BulkResult, endedIn, kmsOf, processesTable, type Way, waysTable } from '../bulk/result.ts';
import { DEPLOYED } from '../model/deployed.ts';
import { type Machine, type Run, readResult } from '../support/run.ts';
import { figure } from '../support/table.ts';
import type { SystemResult } from '../system/report.ts';
import { besideAlone, speedChange } from './bulk-costs.ts';
import { tried } from './bulk-quota.ts';
import { commandOfBulk, duration, QUOTA } from './bulk-words.ts';
import { CALLER_RATE } from './caller-rate.ts';
import { underLoad } from './caution.ts';
import { circumstances } from './circumstances.ts';

/** Many records in and out. */
export function section(run: Run): string {
  const result = run as BulkResult;
  const { settings, machine, store, ways } = result;
  const { decryptRate } = DEPLOYED;
  const quota =
    settings.kmsQuota === null ? 'no quota' : `a quota of \`${settings.kmsQuota}\` (key pairs, others)`;
  return `
## Many records in and out
${underLoad(machine)}
${settings.records.toLocaleString('en-US')} records of 12 fields, from a ${settings.format === 'csv' ? 'CSV file' : 'file of JSON lines'} by \`enclave-vault import\` and out again by \`enclave-vault export\` ([how](bulk.md)), ${
    settings.batch ? 'as documents of 100' : `by ${settings.concurrency} streams`
  }. ${interrupted(result)}Every value that came out was held against the file.

${waysTable(result)}

The store grew to ${figure(store.after / 1e6)} MB: ${figure((store.after - store.before) / settings.records)} bytes a record with its audit${store.log === undefined ? ', and with the write-ahead log, which is a large part of a small store: the record itself takes less' : ''}.

${processesTable(result)}
${ended(result)}${speedChange(result)}${besideAlone(result, readResult('system') as SystemResult | undefined)}
The local KMS had ${quota}. AWS's has one for the account and Region: ${QUOTA.pairs} key pairs of an elliptic curve a second unless it is raised, and ${QUOTA.others.toLocaleString('en-US')} symmetric requests a second in eu-central-1, more in larger Regions. By the calls counted above and these quotas alone,
${ways.map((way) => onAws(way, machine)).join('; ')}.${spare(ways)} Lower limits meet an export first. With an API that is a server it is the caller's rate, by default ${CALLER_RATE} ([how](bulk.md#how-fast-an-export-may-be)), lifted here. Behind a deployment's gateway it is \`${decryptRate.path}\`, by default ${decryptRate.byDefault} records a second of all callers together.

\`${commandOfBulk(result)}\`, ${circumstances(result)} The client, the vault and KMS share the machine.
${tried(readResult('bulk-quota') as BulkResult | undefined)}`;
}

/** What came out where the export was ended before it was through. */
function interrupted({ settings, ways }: BulkResult): string {
  const out = ways.find(({ way }) => way === 'export');
  if (out === undefined || out.records === settings.records) return '';
  return `The export was ended after ${duration(out.seconds)}, with ${out.records.toLocaleString('en-US')} records out${settings.exportMinutes === undefined ? ' (the command below runs it to its end)' : ''}; its figures are of those. `;
}

/** What a dash among the processes is. */
function ended(result: BulkResult): string {
  const found = endedIn(result);
  if (found.length === 0) return '';
  const words = found.map(
    ({ way, name }) => `the ${name} that was there as the ${way} began had ended when it was over`,
  );
  const again = result.ways
    .filter(({ way, sentAgain }) => sentAgain > 0 && found.some((one) => one.way === way))
    .map(({ way, sentAgain }) => `${sentAgain.toLocaleString('en-US')} rows of the ${way}`);
  const sent =
    again.length === 0 ? '' : ` Sent again were ${again.join(' and ')}, and the time has that in it.`;
  return `
A dash: ${words.join(', ')}. What took its place has no figures.${sent}
`;
}

/** Pairs that were made beforehand, and are for records that come later. */
function spare(ways: readonly Way[]): string {
  const made = ways.find(({ way }) => way === 'import');
  if (made === undefined) return '';
  const left = kmsOf(made).pairs / made.records - 1;
  return left < 0.01
    ? ''
    : ` Of the key pairs ${figure(left)} a record were made beforehand and not used by the import: the pool is full at its end.`;
}

function onAws(way: Way, { load, cores }: Machine): string {
  const { pairs, others } = kmsOf(way);
  const seconds = Math.max(pairs / QUOTA.pairs, others / QUOTA.others);
  const bound = pairs / QUOTA.pairs >= others / QUOTA.others ? 'key pairs' : 'symmetric requests';
  const ratio =
    seconds <= way.seconds
      ? 'less than it took here'
      : `${figure(seconds / way.seconds)} times what it took here`;
  const here = load > cores ? '' : ` (${ratio})`;
  return `the ${way.way} needs at least ${duration(seconds)} there, for its ${bound}${here}`;
}
