// SPDX-License-Identifier: Apache-2.0
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KMSClient } from '@aws-sdk/client-kms';
import { type KmsEmulator, type PrincipalConfig, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { kmsEndpointPolicy, type PolicyDocument } from '@enclave-vault/policies';
import { mintCredentials } from '../../tools/admin/src/dev/credentials.ts';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import type { GlassVault } from './glass-vault.ts';
import { kmsClient } from './kms-client.ts';

const { account, partition, roles, network } = LOCAL;
/** An identity policy that allows all there is. */
export const ANYTHING: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'Anything', Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
};
const arn = (name: string) => `arn:${partition}:iam::${account}:${name}`;

/** Everybody who is anybody in the account, with identity policies that allow everything and no boundary. */
export const EVERYBODY = {
  api: roles.api,
  instance: roles.instance,
  deployment: roles.deployment,
  breakGlass: roles.breakGlass,
  administrator: arn('role/administrator'),
  user: arn('user/somebody'),
  root: arn('root'),
} as const;
export type Somebody = keyof typeof EVERYBODY;

/** ARN of a role or user of the account, by its kind, path and name. */
export const arnOf = arn;

export const typeOf = (who: Somebody) => (who === 'root' || who === 'user' ? who : ('role' as const));

/** A key policy as an attacker would have it. */
export const OPEN_TO_ALL: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'Open', Effect: 'Allow', Principal: { AWS: EVERYBODY.root }, Action: 'kms:*', Resource: '*' },
  ],
};

/**
 * The vault's own KMS a second time, on a copy of its keys and their policies, in an account whose identity policies stop nobody:
 * what is refused here is refused by the key policy alone. Its clock can be turned.
 */
export class TwinKms {
  readonly denials: Readonly<Record<string, unknown>>[] = [];
  readonly #principals: ReadonlyMap<string, PrincipalConfig>;
  readonly #clients: KMSClient[] = [];
  #emulator: KmsEmulator | undefined;
  #ahead = 0;

  private constructor(others: Readonly<Record<string, string>>) {
    this.#principals = new Map(
      Object.entries({ ...others, ...EVERYBODY }).map(([name, own]) => [
        name,
        { arn: own, ...mintCredentials(), identityPolicies: [ANYTHING] },
      ]),
    );
  }

  /** @param others more principals by a name for them, with their ARNs; they may do everything as well */
  static async of(glass: GlassVault, others: Readonly<Record<string, string>> = {}): Promise<TwinKms> {
    const twin = new TwinKms(others);
    const stateFile = join(glass.folder, 'twin.json');
    copyFileSync(glass.files.kms, stateFile);
    const { vpcId: sourceVpc, vpceId: sourceVpce = '' } = network;
    const endpointPolicy = kmsEndpointPolicy(LOCAL);
    twin.#emulator = await startKmsEmulator(
      {
        region: LOCAL.region,
        account,
        stateFile,
        attestationRoots: [glass.rootCertificate],
        principals: [...twin.#principals.values()],
        listeners: [
          { host: '127.0.0.1', port: 0, network: { sourceVpc, sourceVpce, endpointPolicy } },
          { host: '127.0.0.1', port: 0, network: null },
        ],
      },
      {
        clock: () => Date.now() + twin.#ahead,
        log: (line) => line.event === 'kms_denied' && twin.denials.push(line),
      },
    );
    return twin;
  }

  /** @param who one of EVERYBODY, or of the others */
  as(who: string, from: 'inside' | 'outside' = 'inside'): KMSClient {
    const port = this.#emulator?.endpoints[from === 'inside' ? 0 : 1]?.port ?? 0;
    const credentials = this.#principals.get(who);
    if (credentials === undefined) throw new Error(`nobody is ${who}`);
    const ca = this.#emulator?.ca ?? '';
    const client = kmsClient({ port, ca, credentials, ahead: this.#ahead });
    this.#clients.push(client);
    return client;
  }

  /** Lets time pass, for KMS and for the clients made while it does. */
  async later<T>(ms: number, act: () => Promise<T>): Promise<T> {
    this.#ahead = ms;
    try {
      return await act();
    } finally {
      this.#ahead = 0;
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.#emulator?.close();
  }
}
