// SPDX-License-Identifier: Apache-2.0
import type { Region } from '../../tools/docs-check/cost/prices.ts';
import { type Bound, bounds, enclaves } from '../model/arithmetic.ts';
import { DEPLOYED, type Limit } from '../model/deployed.ts';
import { deploymentsFor, placesFor } from '../model/deployments.ts';
import { QUOTAS, type Quota } from '../model/quotas.ts';
import type { ModelResult } from '../model/result.ts';
import { rough } from '../support/table.ts';

/** Whose quotas the steps are held against. */
export const STEPS_REGION: Region = 'us-east-1';

/** What is to be done for so many decryptions a second. */
export function advice(rate: number, { requests, deployment }: ModelResult): string {
  const at = { ...deployment, region: STEPS_REGION };
  const { byCpu, byRate } = enclaves(requests.cold, at, rate);
  const hot = enclaves(requests.hot, at, rate).byCpu;
  const instances =
    byRate > byCpu
      ? `${count(byRate)} instances by the default \`decryption.rate\`; with it raised, about ${rough(byCpu)} by their processors (${rough(hot)} where records are hot)`
      : `${count(byCpu)} instances`;
  const met = bounds(requests.cold, STEPS_REGION);
  const over = met.filter((bound) => bound.at <= rate).map((bound) => overOf(bound, rate));
  const first = bounds(requests.create, STEPS_REGION).find((bound) => bound.at <= rate);
  const made = first === undefined ? '' : ` As many creates: ${overOf(first, rate)}.`;
  const raise = [
    ...settingTo(DEPLOYED.decryptRate, rate),
    ...settingTo(DEPLOYED.rate, rate),
    // A rollout needs one more than there are.
    ...settingTo(DEPLOYED.instances, Math.max(byRate, byCpu) + 1),
  ];
  const own = raise.length === 0 ? '' : ` Of the deployment's settings: ${raise.join('; ')}.`;
  const quotas = over.length === 0 ? 'No default quota is reached.' : `Default quotas: ${over.join('; ')}.`;
  return `${instances}. ${quotas}${own}${made}${several(rate, Math.max(byRate, byCpu), byCpu, met)}`;
}

const overOf = ({ quota, at }: Bound, rate: number): string => `${quota.name} (${exceeded(rate / at)})`;

function exceeded(ratio: number): string {
  if (ratio === 1) return 'reached';
  return rough(ratio) === '1' ? 'just exceeded' : `${rough(ratio)} times the quota`;
}

/** How a setting must stand for so many; nothing where its default is enough. */
function settingTo({ path, byDefault, most }: Limit, wanted: number): readonly string[] {
  if (wanted < byDefault) return [];
  if (wanted === byDefault) return [`\`${path}\` of ${byDefault} is reached`];
  const said = `\`${path}\` from ${byDefault} to ${count(wanted)}`;
  return [wanted > most ? `${said} (one deployment takes ${count(most)} at most)` : said];
}

/** Where one deployment is not enough: how many are, and where they can be. */
function several(rate: number, instances: number, raised: number, met: readonly Bound[]): string {
  const { byThrottle, byInstances, together } = deploymentsFor(rate, instances);
  if (together === 1) return '';
  const each = count(Math.ceil(rate / together));
  const fewer = deploymentsFor(rate, raised).byInstances;
  const places = placesFor(rate, met);
  // Bounds are in the order in which they are met.
  const binding = met.find(({ quota }) => quota.of === 'account')?.quota.name ?? '';
  const where =
    places === 1
      ? ''
      : ` By default quotas they take ${places} accounts or Regions, as ${binding} bounds each, and fewer with quotas raised: deployments in one account and Region share them.`;
  return ` **That is ${together} deployments** of ${each} a second each: \`api.throttle\` needs ${byThrottle} deployments, \`${DEPLOYED.instances.path}\` alone ${byInstances}${fewer === byInstances ? '' : ` (${fewer} with \`decryption.rate\` raised)`}.${where}`;
}

/** What of the quotas a second deployment has again, and what it shares. */
export function shares(): string {
  const names = (of: Quota['of']): string =>
    [...new Set(QUOTAS.filter((one) => one.of === of).map(serviceOf))].join(', ');
  return `A quota of **${names('account')}** is of an account and Region: all deployments there share it. Those of **${names('table')}** are of a table, and each deployment has its own. More deployments in the same account and Region so move the table's alone; the others take another Region, another account or a higher quota. Each deployment is a vault of its own, with its own keys and records: callers must know which of them has a record.`;
}

const serviceOf = ({ name }: Quota): string => name.replace(/,.*/, '');
const count = (n: number): string => n.toLocaleString('en-US');
