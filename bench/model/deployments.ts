// SPDX-License-Identifier: Apache-2.0
import type { Bound } from './arithmetic.ts';
import { DEPLOYED } from './deployed.ts';

/** Deployments that so many requests a second take, by each of the settings that bound one of them. */
export interface Deployments {
  /** By `api.throttle`. */
  readonly byThrottle: number;
  /** By `decryption.max`, of whose instances a rollout needs one. */
  readonly byInstances: number;
  /** Both. */
  readonly together: number;
}

/** @param instances that all together need */
export function deploymentsFor(perSecond: number, instances: number): Deployments {
  const { decryptRate, rate, instances: each } = DEPLOYED;
  const byThrottle = Math.ceil(perSecond / Math.min(decryptRate.most, rate.most));
  const byInstances = Math.ceil(instances / (each.most - 1));
  return { byThrottle, byInstances, together: Math.max(byThrottle, byInstances) };
}

/** Pairs of an account and a Region that so many requests a second take with default quotas: of those that all deployments there share. */
export function placesFor(perSecond: number, bounds: readonly Bound[]): number {
  const shared = bounds.filter(({ quota }) => quota.of === 'account').map(({ at }) => perSecond / at);
  return Math.max(1, ...shared.map(Math.ceil));
}
