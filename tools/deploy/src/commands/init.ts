// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { DEPLOY } from '@enclave-vault/infra';
import { readRole, SettingsError } from '@enclave-vault/settings';
import { DeployError, UsageError } from '../errors.ts';
import type { InitOptions } from '../options.ts';
import type { Account, Console } from '../ports.ts';
import { assumedRole } from '../preflight/caller.ts';

/** Zones of a new deployment: one more than may be lost. */
const ZONES = 2;

/**
 * Writes deploy.json from what the account says: account, partition, zones, prefix lists, and as deployer the role of whoever
 * asks. Everything else has a default.
 * @throws {DeployError} @throws {UsageError}
 */
export async function init(
  account: Account,
  console: Console,
  region: string,
  { file, name, breakGlass }: InitOptions,
): Promise<void> {
  const caller = await account.caller();
  const [, partition = 'aws'] = caller.arn.split(':');
  const role = assumedRole(caller);
  if (role === undefined) {
    throw new DeployError('deployer_unlisted', `${caller.arn} is no role: a vault is deployed by one`);
  }
  const deployer = await account.roleArn(role);
  if (deployer === undefined)
    throw new DeployError('deployer_unlisted', `the role ${role} is not in this account`);
  const lists = await account.prefixLists();
  const config = {
    name,
    ...(partition === 'aws' ? {} : { partition }),
    account: caller.account,
    region,
    zones: (await account.zones()).slice(0, ZONES),
    deployers: [deployer],
    breakGlass,
    network: {
      prefixLists: {
        s3: lists[`com.amazonaws.${region}.s3`],
        dynamodb: lists[`com.amazonaws.${region}.dynamodb`],
      },
    },
  };
  checked(config);
  try {
    await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new DeployError('file_exists', `${file} is there already`);
    }
    throw new DeployError('output_unwritable', `${file} cannot be written`);
  }
  console.say(`${file} is written. What it leaves out has a default: docs/configuration.md, role deploy.`);
  console.say(
    'Add where the release is and the public key it is signed with: "release": { "folder": "release", "key": "release.pem" }. Then deploy.',
  );
}

/** Never writes what would not be read back. @throws {UsageError} */
function checked(config: unknown): void {
  try {
    readRole(DEPLOY, { file: config, env: {} });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new UsageError(error.problems.map(({ setting, message }) => `${setting} ${message}`).join('\n'));
  }
}
