// SPDX-License-Identifier: Apache-2.0
import type { Deployment, Measurements } from '@enclave-vault/policies';
import type { RoleCredentials } from './credentials.ts';
import type { KeyArns } from './keys.ts';

/** What a running vault tells its owner's `doctor`: what it should be, and roles that may look and change nothing. */
export interface Examined {
  readonly region: string;
  readonly endpoint: string;
  readonly ca: string;
  readonly keys: KeyArns;
  readonly legacyKeys: readonly string[];
  readonly deployment: Deployment;
  readonly measurements: Partial<Measurements>;
  readonly callers: Readonly<Record<'admin' | 'api' | 'instance', RoleCredentials>>;
  readonly database: string;
  readonly auditLog: string;
  /** Path of the parent's socket. */
  readonly parent: string;
  /** PEM. */
  readonly attestationRoot: string;
}
