// SPDX-License-Identifier: Apache-2.0
import { DECRYPTION } from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import type { Run } from '../plan/run.ts';
import { phaseOf, type StackPhase } from '../stack/statuses.ts';

/** As the launch template of the instances says it, which only a deployment writes. */
const DEPLOYED = /"VersionDescription":\s*"Enclave Vault ([^"\\]+)"/;

const NOTHING_IN_IT: ReadonlySet<StackPhase> = new Set(['empty', 'dead']);

/**
 * That the release is no older than the one whose instances are deployed: signatures of old releases stay good, and a
 * flaw that was mended since would come back with one.
 * @throws {DeployError} `release_older`
 */
export async function refuseOlder({ cloud, config, names }: Run, version: string): Promise<void> {
  const stacks = cloud.stacks(config.region);
  const name = names.stack(DECRYPTION.id);
  const state = await stacks.describe(name);
  // One that is being changed has a release as well: a deployment waits for its end, and would go back then.
  if (state === undefined || NOTHING_IN_IT.has(phaseOf(state.status))) return;
  const deployed = DEPLOYED.exec(await stacks.template(name))?.[1];
  if (deployed === undefined || compareVersions(version, deployed) >= 0) return;
  throw new DeployError('release_older', `release ${version} is older than ${deployed}, which is deployed`);
}

/** Order of versions (Semantic Versioning 2.0.0, section 11). @returns below 0 when `a` comes before `b` */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(partsOf) as [Parts, Parts];
  const core = compareLists(left.core, right.core);
  if (core !== 0) return core;
  // What is not final yet comes before what is.
  if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length - left.pre.length;
  return compareLists(left.pre, right.pre);
}

interface Parts {
  readonly core: readonly string[];
  readonly pre: readonly string[];
}

function partsOf(version: string): Parts {
  const dash = version.indexOf('-');
  if (dash < 0) return { core: version.split('.'), pre: [] };
  return { core: version.slice(0, dash).split('.'), pre: version.slice(dash + 1).split('.') };
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers by their size and before words, words by their characters. */
function compareIdentifiers(a: string, b: string): number {
  // Of any size: as floating-point numbers, two that are long and differ by one would be the same.
  const [left, right] = [a, b].map((text) => (/^\d+$/.test(text) ? BigInt(text) : undefined));
  if (left !== undefined && right !== undefined) return left < right ? -1 : Number(left > right);
  if (left !== undefined) return -1;
  if (right !== undefined) return 1;
  return a < b ? -1 : Number(a > b);
}
