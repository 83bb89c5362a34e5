// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';
import { DEPLOY, type DeployConfig } from '@enclave-vault/infra';
import { readConfigFile, readRole, SettingsError } from '@enclave-vault/settings';
import { DeployError } from '../errors.ts';

/**
 * Reads deploy.json. Paths in it are relative to its own folder, wherever the command is run.
 * @throws {DeployError} `config_unreadable`, `config_invalid` with every problem
 */
export function readDeployConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): DeployConfig {
  let parsed: unknown;
  try {
    parsed = readConfigFile(file);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const [problem] = error.problems;
    throw new DeployError(
      'config_unreadable',
      `${file} ${problem?.message.replace('names a file that ', '') ?? ''}`,
    );
  }
  const before = process.cwd();
  process.chdir(dirname(file));
  try {
    // Of the signing key, not of the deployment.
    const { ENCLAVE_VAULT_SIGNING_PASSPHRASE: _, ...others } = env;
    return readRole(DEPLOY, { file: parsed, env: others });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const problems = error.problems.map(({ setting, message }) => `${setting} ${message}`);
    throw new DeployError('config_invalid', `${file} has ${problems.length} problem(s)`, problems);
  } finally {
    process.chdir(before);
  }
}
