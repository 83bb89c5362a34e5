// SPDX-License-Identifier: Apache-2.0
import { API_SETTINGS } from '../../infra/src/config/api.ts';
import { DECRYPTION_SETTINGS } from '../../infra/src/config/decryption.ts';

/** A limit of deploy.json that binds before AWS's quotas do. */
export interface Limit {
  readonly path: string;
  /** Without a setting of one's own. */
  readonly byDefault: number;
  /** The largest that the setting takes. */
  readonly most: number;
}

/** @throws {Error} when there is no such setting, or none that is a whole number with a default */
function limit(path: string): Limit {
  const found = [...API_SETTINGS, ...DECRYPTION_SETTINGS].find((one) => one.path === path);
  const byDefault = found !== undefined && 'default' in found ? found.default : undefined;
  const most = Number(/ to (\d+)/.exec(found?.read.wants ?? '')?.[1]);
  if (typeof byDefault !== 'number' || Number.isNaN(most)) throw new Error(`${path} is no number`);
  return { path, byDefault, most };
}

/** What a deployment lets through as it comes. */
export const DEPLOYED = {
  /** Decryptions a second of all callers together. */
  decryptRate: limit('api.throttle.decryptRate'),
  /** Requests a second of all callers together. */
  rate: limit('api.throttle.rate'),
  instances: limit('decryption.max'),
  /** Of each enclave, MiB. */
  enclaveMemory: limit('decryption.enclaves.memoryMib'),
} as const;
