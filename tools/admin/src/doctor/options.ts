// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';
import type { RoleName } from './role-files.ts';
import type { Endpoint, Role } from './subject.ts';

export const DOCTOR_USAGE = `enclave-vault doctor [--data DIR] [--json]
enclave-vault doctor --config FILE … [--env ROLE] [--manifest FILE --manifest-key FILE] [--as ROLE] [--json]
  Checks a deployment from where it stands, and says what to mend (docs/doctor.md). Exit code 0: nothing failed. 1: something did.
  --data DIR       the vault that runs on this machine (.vault)               ENCLAVE_VAULT_DATA
  --config FILE    a role file of an AWS deployment: api, parent, deployment (repeatable)
  --env ROLE       the role whose ENCLAVE_VAULT_* variables this shell has: api, parent, deployment
  --manifest FILE  the measurement manifest of the enclave image (repeatable during a rollout)
  --manifest-key FILE   the public key that signs manifests
  --as ROLE        the role that this place must have: api, instance, deployment, breakGlass
  --endpoint SERVICE=URL   another endpoint of kms, sts, dynamodb or logs; --ca FILE: roots for these
  --attestation-root FILE  a development root instead of AWS's`;

const SERVICES = ['kms', 'sts', 'dynamodb', 'logs'] as const;
const FILES = ['api', 'parent', 'deployment'] as const;
const ROLES = ['api', 'instance', 'deployment', 'breakGlass'] as const;

export interface DoctorOptions {
  /** Folder of a local vault; undefined when role files are given. */
  readonly data: string | undefined;
  readonly configs: readonly string[];
  readonly shell: RoleName | undefined;
  readonly manifests: readonly string[];
  readonly manifestKey: string | undefined;
  readonly as: Role | undefined;
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  /** Path of roots for the endpoints given. */
  readonly ca: string | undefined;
  readonly attestationRoot: string | undefined;
  readonly json: boolean;
}

/** @throws {UsageError} naming every option that is wrong */
export function parseDoctorOptions(args: readonly string[], env: NodeJS.ProcessEnv): DoctorOptions {
  const values = parse(args);
  const problems: string[] = [];
  const base = env.INIT_CWD ?? process.cwd();
  const path = (given: string) => resolve(base, given);
  const configs = (values.config ?? []).map(path);
  const shell = FILES.find((role) => role === values.env);
  if (values.env !== undefined && shell === undefined)
    problems.push(`--env takes one of ${FILES.join(', ')}`);
  const deployed = configs.length > 0 || shell !== undefined;
  if (deployed && values.data !== undefined) problems.push('--data goes with neither --config nor --env');
  const manifests = (values.manifest ?? []).map(path);
  if (manifests.length > 0 && !deployed) problems.push('--manifest goes with --config or --env');
  if (manifests.length > 0 !== (values['manifest-key'] !== undefined))
    problems.push('--manifest and --manifest-key go together');
  const as = ROLES.find((role) => role === values.as);
  if (values.as !== undefined && as === undefined) problems.push(`--as takes one of ${ROLES.join(', ')}`);
  const endpoints: Record<string, Endpoint> = {};
  for (const given of values.endpoint ?? []) {
    const [name = '', url = ''] = [given.split('=')[0], given.slice(given.indexOf('=') + 1)];
    const service = SERVICES.find((one) => one === name);
    if (service === undefined || !URL.canParse(url))
      problems.push(`--endpoint takes SERVICE=URL, of ${SERVICES.join(', ')}`);
    else endpoints[service] = { url };
  }
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return {
    data: deployed ? undefined : path(values.data ?? env.ENCLAVE_VAULT_DATA ?? '.vault'),
    configs,
    shell,
    manifests,
    manifestKey: values['manifest-key'] === undefined ? undefined : path(values['manifest-key']),
    as,
    endpoints,
    ca: values.ca === undefined ? undefined : path(values.ca),
    attestationRoot: values['attestation-root'] === undefined ? undefined : path(values['attestation-root']),
    json: values.json === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        data: { type: 'string' },
        config: { type: 'string', multiple: true },
        env: { type: 'string' },
        manifest: { type: 'string', multiple: true },
        'manifest-key': { type: 'string' },
        as: { type: 'string' },
        endpoint: { type: 'string', multiple: true },
        ca: { type: 'string' },
        'attestation-root': { type: 'string' },
        json: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
