// SPDX-License-Identifier: Apache-2.0
import { leastVcpus, stagesOf } from '@enclave-vault/infra';
import { DeployError, type DeployErrorCode } from '../errors.ts';
import type { Run } from '../plan/run.ts';
import { tagsOf } from '../plan/stage.ts';
import { demandOurs } from '../stack/apply.ts';
import { phaseOf } from '../stack/statuses.ts';
import { callerProblems } from './caller.ts';

/** Something that would make a deployment fail, found before it begins. */
export interface Problem {
  readonly code: DeployErrorCode;
  readonly message: string;
}

/** Running On-Demand and Spot instances of the standard families (A, C, D, H, I, M, R, T, Z), in vCPUs. */
export const ON_DEMAND_QUOTA = 'L-1216C47A';
export const SPOT_QUOTA = 'L-34B43A08';

type Check = (run: Run) => Promise<readonly Problem[]>;

/** All of them are made, whatever one finds. */
const CHECKS: readonly Check[] = [zones, prefixLists, quotas, gatewayLogRole, stacks];

/**
 * Holds the configuration against the account. Without credentials that fit nothing else is asked.
 * @returns everything that is wrong
 */
export async function preflight(run: Run): Promise<readonly Problem[]> {
  const problems = await collect(callerProblems, run);
  if (problems.length > 0) return problems;
  return (await Promise.all(CHECKS.map((check) => collect(check, run)))).flat();
}

async function collect(check: Check, run: Run): Promise<readonly Problem[]> {
  try {
    return await check(run);
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    return [{ code: error.code, message: error.message }];
  }
}

async function zones({ cloud, config }: Run): Promise<readonly Problem[]> {
  const there = await cloud.account.zones();
  const unknown = config.zones.filter((zone) => !there.includes(zone));
  if (unknown.length === 0) return [];
  const message = `${unknown.join(', ')}: not open to this account; it has ${there.join(', ')}`;
  return [{ code: 'zone_unknown', message }];
}

async function prefixLists({ cloud, config }: Run): Promise<readonly Problem[]> {
  const lists = await cloud.account.prefixLists();
  return (['s3', 'dynamodb'] as const).flatMap((service) => {
    const there = lists[`com.amazonaws.${config.region}.${service}`];
    const given = config.network.prefixLists[service];
    if (there === given) return [];
    const message = `network.prefixLists.${service} is ${given}; in ${config.region} it is ${there ?? 'missing'}`;
    return [{ code: 'prefix_list_other' as const, message }];
  });
}

/** vCPUs that all instances have together, at the smallest size that fits. Spot is what no base and no share makes on demand. */
export function vcpusNeeded({ decryption }: Run['config']): {
  readonly onDemand: number;
  readonly spot: number;
} {
  const { max, onDemandBase, onDemandPercent } = decryption;
  const base = Math.min(max, onDemandBase);
  const onDemand = base + Math.ceil(((max - base) * onDemandPercent) / 100);
  const vcpus = leastVcpus(decryption);
  return { onDemand: onDemand * vcpus, spot: (max - onDemand) * vcpus };
}

async function quotas(run: Run): Promise<readonly Problem[]> {
  const { onDemand, spot } = vcpusNeeded(run.config);
  const wanted = [
    [ON_DEMAND_QUOTA, onDemand, 'on-demand'],
    [SPOT_QUOTA, spot, 'Spot'],
  ] as const;
  const problems = wanted.map(async ([code, vcpus, kind]): Promise<readonly Problem[]> => {
    if (vcpus === 0) return [];
    const quota = await run.cloud.account.quota(code);
    if (quota >= vcpus) return [];
    const message = `${code}: ${quota} ${kind} vCPUs in ${run.config.region}; decryption needs up to ${vcpus}`;
    return [{ code: 'quota_low', message }];
  });
  return (await Promise.all(problems)).flat();
}

async function gatewayLogRole({ cloud, config }: Run): Promise<readonly Problem[]> {
  const { accessLogs, accountLogRole } = config.api;
  if (!accessLogs || accountLogRole === 'set') return [];
  if ((await cloud.account.gatewayLogRole()) !== undefined) return [];
  const message = `API Gateway has no role to write logs with in ${config.region}, and api.accountLogRole is keep`;
  return [{ code: 'log_role_missing', message }];
}

/** What is there under our names: ours, and in a state from which one can go on. */
async function stacks(run: Run): Promise<readonly Problem[]> {
  const { cloud, config, names, console } = run;
  const here = cloud.stacks(config.region);
  const problems: Problem[] = [];
  for (const { id } of stagesOf(config)) {
    const state = await here.describe(names.stack(id));
    if (state === undefined) continue;
    try {
      demandOurs(state, tagsOf(run));
    } catch (error) {
      if (!(error instanceof DeployError)) throw error;
      problems.push({ code: error.code, message: error.message });
      continue;
    }
    const phase = phaseOf(state.status);
    if (phase === 'stuck')
      problems.push({ code: 'stack_stuck', message: `${state.name} is ${state.status}` });
    if (phase === 'busy' || phase === 'dead') {
      console.say(`${state.name} is ${state.status}, from an earlier run: this one goes on from there`);
    }
  }
  return problems;
}
