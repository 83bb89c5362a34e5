// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '@enclave-vault/infra';
import type { Limits } from '../limits.ts';
import type { Clock, Cloud, Console } from '../ports.ts';

/** Everything that a command has of the world. */
export interface World {
  readonly cloud: (place: Pick<DeployConfig, 'region' | 'partition' | 'account'>) => Cloud;
  readonly clock: Clock;
  readonly console: Console;
  readonly limits: Limits;
  readonly env: Readonly<Record<string, string | undefined>>;
}
