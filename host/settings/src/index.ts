// SPDX-License-Identifier: Apache-2.0
/**
 * Settings of a role, declared once: what the program reads, what is refused, and what docs/configuration.md says.
 *
 *   const PARENT = defineRole('parent', {
 *     doc: 'The relay on the EC2 instance.',
 *     settings: [
 *       { path: 'kms.host', env: 'ENCLAVE_VAULT_KMS_HOST', doc: 'Where KMS is.', read: text() },
 *       { path: 'enclaves', env: 'ENCLAVE_VAULT_ENCLAVES', doc: 'How many.', read: integer(1, 64), default: 1 },
 *       { path: 'proxy', env: 'ENCLAVE_VAULT_PROXY', doc: '…', read: url('https:'), optional: true },
 *     ],
 *     rules: [{ settings: ['proxy'], doc: 'a proxy and two enclaves do not go together', broken: (v) => … }],
 *     example: { kms: { host: 'kms.eu-central-1.amazonaws.com' } },
 *   });
 *   const { kms, enclaves, proxy } = readRole(PARENT, { file, env });
 *   //      {host: string}  number  string | undefined
 *
 * A path names the member of the file ({"kms": {"host": …}}) and of the result. The variable wins over the file. A
 * setting with neither `default` nor `optional` must be given; `null` in the file is the same as not given. Of a
 * setting marked `secret` the file may hold `NAMEFile` and the environment `VARIABLE_FILE` instead: the path of a file
 * with the value. Text of a variable becomes a value as its reader says: numbers in digits, flags as true or false,
 * lists with commas or as JSON, everything else that is not text as JSON.
 *
 * `readRole` throws one SettingsError with every problem there is: settings missing or not readable, members of the
 * file and ENCLAVE_VAULT_* variables that nobody knows, broken rules. It names settings, never values.
 */
export { accountOf, arn, awsRegion, regionOf } from './aws-readers.ts';
export { describeRole } from './describe.ts';
export { type Problem, SettingsError } from './errors.ts';
export { CONFIG_VARIABLE, configPath, readConfigFile } from './files.ts';
export { type NetworkPlace, networkPlace, type Place, socketOrNetworkPlace } from './places.ts';
export { readRole, type Source } from './read-role.ts';
export {
  flag,
  integer,
  json,
  listOf,
  oneOf,
  parsed,
  pemOrFile,
  type Reader,
  text,
  Unwanted,
  url,
} from './readers.ts';
export { defineRole, type Role, type RoleValues, type Rule, type Setting } from './role.ts';
