// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Place } from './storage.ts';

/** For parseArgs of a command that takes a vault's place. */
export const PLACE_OPTIONS = {
  data: { type: 'string' },
  config: { type: 'string', multiple: true },
} as const;

export interface PlaceValues {
  readonly data?: string | undefined;
  readonly config?: readonly string[] | undefined;
}

/** @throws {UsageError} when both are given */
export function placeOf({ data, config }: PlaceValues, environment: NodeJS.ProcessEnv = process.env): Place {
  const base = environment.INIT_CWD ?? '.';
  if (config !== undefined) {
    if (data !== undefined) throw new UsageError('--data is a local vault, --config a deployment: give one');
    return { kind: 'config', paths: config.map((path) => resolve(base, path)) };
  }
  return { kind: 'local', data: resolve(base, data ?? environment.ENCLAVE_VAULT_DATA ?? '.vault') };
}
