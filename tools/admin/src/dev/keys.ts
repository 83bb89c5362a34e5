// SPDX-License-Identifier: Apache-2.0

import { Agent } from 'node:https';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListAliasesCommand,
  NotFoundException,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { driftOf } from '@enclave-vault/canary/core';
import {
  integrityKeyPolicy,
  legacyKeyPolicy,
  type Measurements,
  type PolicyDocument,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AdminError } from '../errors.ts';
import type { RoleCredentials } from './credentials.ts';
import { LOCAL } from './deployment.ts';

export const KEY_USES = ['vault', 'request', 'integrity'] as const;
export type KeyUse = (typeof KEY_USES)[number];
export type KeyArns = Readonly<Record<KeyUse, string>>;

/** What a key's policy is for the measurements that are admitted. */
export const policyOf = (use: KeyUse, measurements: Measurements | null): PolicyDocument =>
  use === 'vault'
    ? vaultKeyPolicy(LOCAL, measurements)
    : use === 'request'
      ? requestKeyPolicy(LOCAL, measurements)
      : integrityKeyPolicy(LOCAL);

/** The vault's KMS keys, seen with the deployment role's rights: it makes them and writes their policies, and uses none. */
export class DeploymentKeys {
  readonly #kms: KMSClient;
  #made = false;

  constructor(endpoint: string, ca: string, credentials: RoleCredentials) {
    this.#kms = new KMSClient({
      endpoint,
      region: LOCAL.region,
      // A copy: the SDK writes a note of its own into what it is given.
      credentials: { ...credentials },
      maxAttempts: 3,
      requestHandler: new NodeHttpHandler({
        httpsAgent: new Agent({ ca, keepAlive: true }),
        requestTimeout: 5_000,
      }),
    });
  }

  /** ARNs of the keys; the missing ones are made, admitting no program: from their first moment nobody decrypts. */
  async ensure(): Promise<KeyArns> {
    const { Aliases = [] } = await this.#kms.send(new ListAliasesCommand({ Limit: 100 }));
    const arns = await Promise.all(
      KEY_USES.map(async (use) => {
        const name = `alias/${LOCAL.name}/${use}`;
        const found = Aliases.find((alias) => alias.AliasName === name)?.TargetKeyId;
        return [use, found === undefined ? await this.#create(use, name) : this.#arn(found)];
      }),
    );
    return Object.fromEntries(arns) as KeyArns;
  }

  /** @throws {AdminError} legacy_key_missing */
  async #legacyPolicy(arn: string): Promise<PolicyDocument> {
    try {
      return await this.policy(arn);
    } catch (error) {
      if (!(error instanceof NotFoundException)) throw error;
      throw new AdminError('legacy_key_missing', `the local KMS has no key ${arn}`);
    }
  }

  /** Whether the vault key was made by us: then there is nothing that it wraps. */
  get made(): boolean {
    return this.#made;
  }

  async policy(arn: string): Promise<PolicyDocument> {
    const { Policy } = await this.#kms.send(new GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' }));
    return JSON.parse(Policy ?? '{"Statement":[]}') as PolicyDocument;
  }

  /**
   * Writes the policies that admit these measurements: of the vault's keys, and of those that wrapped imported records.
   * True when anything changed.
   * @throws {AdminError} legacy_key_missing
   */
  async admit(
    arns: KeyArns,
    measurements: Measurements | null,
    legacy: readonly string[] = [],
  ): Promise<boolean> {
    const changed = await Promise.all([
      ...KEY_USES.map(async (use) =>
        this.#put(arns[use], await this.policy(arns[use]), policyOf(use, measurements)),
      ),
      ...legacy.map(async (arn) =>
        this.#put(arn, await this.#legacyPolicy(arn), legacyKeyPolicy(LOCAL, measurements)),
      ),
    ]);
    return changed.includes(true);
  }

  /**
   * How the policies differ from those that admit these measurements: a line for each key, by the names of statements.
   * @throws {AdminError} legacy_key_missing
   */
  async drift(
    arns: KeyArns,
    measurements: Measurements,
    legacy: readonly string[],
  ): Promise<readonly string[]> {
    const told = await Promise.all([
      ...KEY_USES.map(async (use) =>
        driftLine(use, policyOf(use, measurements), await this.policy(arns[use])),
      ),
      ...legacy.map(async (arn, index) =>
        driftLine(`legacy-${index + 1}`, legacyKeyPolicy(LOCAL, measurements), await this.#legacyPolicy(arn)),
      ),
    ]);
    return told.flat();
  }

  async #put(KeyId: string, current: PolicyDocument, wanted: PolicyDocument): Promise<boolean> {
    const Policy = JSON.stringify(wanted);
    if (JSON.stringify(current) === Policy) return false;
    await this.#kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy }));
    return true;
  }

  close(): void {
    this.#kms.destroy();
  }

  #arn(keyId: string): string {
    return `arn:${LOCAL.partition}:kms:${LOCAL.region}:${LOCAL.account}:key/${keyId}`;
  }

  async #create(use: KeyUse, alias: string): Promise<string> {
    const { KeyMetadata } = await this.#kms.send(
      new CreateKeyCommand({
        Description: `Enclave Vault: ${use} key`,
        Policy: JSON.stringify(policyOf(use, null)),
      }),
    );
    if (KeyMetadata?.Arn === undefined) throw new Error('CreateKey answered without an ARN');
    if (use === 'vault') this.#made = true;
    await this.#kms.send(new EnableKeyRotationCommand({ KeyId: KeyMetadata.Arn }));
    await this.#kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: KeyMetadata.Arn }));
    return KeyMetadata.Arn;
  }
}

/** As many statements as a line should hold. */
const MAX_TOLD = 8;

function driftLine(key: string, wanted: PolicyDocument, found: PolicyDocument): readonly string[] {
  const drift = driftOf(wanted, found).map(({ change, sid }) => `${change} ${sid}`);
  if (drift.length === 0) return [];
  const more = drift.length - MAX_TOLD;
  return [`${key}: ${drift.slice(0, MAX_TOLD).join(', ')}${more > 0 ? `, and ${more} more` : ''}`];
}
