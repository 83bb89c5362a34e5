// SPDX-License-Identifier: Apache-2.0
import { SettingsError } from './errors.ts';
import { readSmall, Unwanted } from './readers.ts';

/** Names the file of a role, where `--config FILE` does not. */
export const CONFIG_VARIABLE = 'ENCLAVE_VAULT_CONFIG';

/** A record schema and issuers with their keys may stand in the file. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The file that a process was told to read: `--config FILE` or `--config=FILE` among its arguments, else the variable.
 * @returns undefined when none was named
 * @throws {SettingsError} for other arguments: a mistyped one must not go unnoticed
 */
export function configPath(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  let [option, path] = args;
  let rest = args.slice(2);
  if (option === undefined) return env[CONFIG_VARIABLE];
  if (option.startsWith('--config=')) {
    [option, path] = ['--config', option.slice('--config='.length)];
    rest = args.slice(1);
  }
  if (option !== '--config' || path === undefined || path === '' || rest.length > 0)
    throw new SettingsError([{ setting: 'arguments', message: 'must be --config FILE, or none' }]);
  return path;
}

/** The parsed file of a role. @throws {SettingsError} */
export function readConfigFile(path: string): unknown {
  let text: string;
  try {
    text = readSmall(path, MAX_BYTES);
  } catch (error) {
    const reason = error instanceof Unwanted ? error.reason : undefined;
    throw new SettingsError([{ setting: CONFIG_VARIABLE, message: reason ?? 'cannot be read' }]);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message quotes the text.
    throw new SettingsError([{ setting: CONFIG_VARIABLE, message: 'names a file that is not JSON' }]);
  }
}
