// SPDX-License-Identifier: Apache-2.0
import { ParentClient } from '../enclave-client.ts';
import { ConfigError } from '../errors.ts';
import type { ApiConfig } from './config.ts';

/** The way to the parent that the configuration names. */
export function parentClient({ parent }: ApiConfig): ParentClient {
  if ('unix' in parent) return new ParentClient(parent);
  throw new ConfigError('parent: https is not wired up');
}
