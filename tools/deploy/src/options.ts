// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from './errors.ts';
import { PHASES, type Phase } from './plan/run.ts';

export const DEPLOY_USAGE = `npm run deploy -- --config deploy.json [options]
  Puts a vault into an AWS account, or brings it to another release or configuration. Credentials come from the AWS environment.
  Everything is checked before anything is created; run again, it goes on where it stopped and changes nothing that is as it should be.
  --out FOLDER        where role files for \`enclave-vault doctor\` go (default: vault-NAME beside deploy.json)
  --sign KEY.pem      signs the manifest of measurements in that folder
  --yes               does not ask before the key policies admit another image
  --older             takes a release that is older than the one deployed
  --dry-run, --diff   shows what would change, and changes nothing
  --only STAGE        this stage alone, of a vault that is deployed
  --phase PHASE       a part of it, for a pipeline: widen, deploy, narrow, in this order and of one release (docs/releases.md)
npm run deploy -- --init FILE --name NAME [--region REGION] --break-glass ARN
  Writes a configuration from what the account says.
npm run deploy -- --config deploy.json --print-deployer-policy
  Prints the rights that one of \`deployers\` needs.
npm run deploy -- --config deploy.json --print-live
  Prints the measurements that the keys admit now, or null.
npm run deploy -- --config deploy.json --print-legacy-policies
  Prints, for the owner of each of \`legacyKeys\`, what its policy is to say: while the AWS sample still runs, and afterwards.`;

export const DESTROY_USAGE = `npm run destroy -- --config deploy.json [options]
  Shuts the keys and takes the vault away, but for what holds records and the trail: keys, table, bucket of the trail, and the two roles that can manage them.
  The next \`npm run deploy\` finds and uses them. Run again, it goes on where it stopped.
  --yes               does not ask
  --receipt FILE      where it writes what was deleted and what is kept (default: vault-NAME-destroyed.json beside deploy.json)
  --delete-data       records and keys as well: asks for the vault's name
  --confirm NAME      answers that, where nobody can be asked`;

export interface DeployOptions {
  readonly command: 'deploy';
  readonly config: string;
  readonly out: string | undefined;
  readonly sign: string | undefined;
  readonly yes: boolean;
  readonly older: boolean;
  readonly dryRun: boolean;
  readonly only: string | undefined;
  readonly phase: Phase | undefined;
}

export interface InitOptions {
  readonly command: 'init';
  readonly file: string;
  readonly name: string;
  readonly region: string | undefined;
  readonly breakGlass: readonly string[];
}

export interface PolicyOptions {
  readonly command: 'policy';
  readonly config: string;
}

export interface LiveOptions {
  readonly command: 'live';
  readonly config: string;
}

export interface LegacyOptions {
  readonly command: 'legacy';
  readonly config: string;
}

export interface DestroyOptions {
  readonly command: 'destroy';
  readonly config: string;
  readonly yes: boolean;
  readonly receipt: string | undefined;
  readonly deleteData: boolean;
  readonly confirm: string | undefined;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** @param base folder that paths are relative to. @throws UsageError */
export function parseDeploy(
  args: readonly string[],
  base: string,
): DeployOptions | InitOptions | PolicyOptions | LiveOptions | LegacyOptions {
  const values = read(args, {
    config: text,
    out: text,
    sign: text,
    yes: flag,
    older: flag,
    'dry-run': flag,
    diff: flag,
    only: text,
    phase: text,
    init: text,
    name: text,
    region: text,
    'break-glass': { type: 'string', multiple: true },
    'print-deployer-policy': flag,
    'print-live': flag,
    'print-legacy-policies': flag,
  });
  const given = Object.keys(values);
  const onlyWith = (allowed: readonly string[], what: string): void => {
    const other = given.find((name) => !allowed.includes(name));
    if (other !== undefined) throw new UsageError(`${what} does not go with --${other}`);
  };
  if (values.init !== undefined) {
    onlyWith(['init', 'name', 'region', 'break-glass'], '--init');
    if (values['break-glass'] === undefined) {
      throw new UsageError('--init takes --break-glass: who may take that role in an emergency');
    }
    return {
      command: 'init',
      file: resolve(base, values.init),
      name: demanded(values.name, '--init takes --name'),
      region: values.region,
      breakGlass: values['break-glass'],
    };
  }
  const config = resolve(base, demanded(values.config, 'deploy takes --config'));
  if (values['print-deployer-policy'] === true) {
    onlyWith(['config', 'print-deployer-policy'], '--print-deployer-policy');
    return { command: 'policy', config };
  }
  if (values['print-live'] === true) {
    onlyWith(['config', 'print-live'], '--print-live');
    return { command: 'live', config };
  }
  if (values['print-legacy-policies'] === true) {
    onlyWith(['config', 'print-legacy-policies'], '--print-legacy-policies');
    return { command: 'legacy', config };
  }
  if (values.phase !== undefined) onlyWith(['config', 'out', 'sign', 'yes', 'older', 'phase'], '--phase');
  onlyWith(['config', 'out', 'sign', 'yes', 'older', 'dry-run', 'diff', 'only', 'phase'], 'a deployment');
  // What is shown is all stages: one alone would be what was asked for, and is not offered.
  if (values.only !== undefined && (values['dry-run'] === true || values.diff === true)) {
    throw new UsageError('--only does not go with --dry-run: that shows every stage');
  }
  return {
    command: 'deploy',
    config,
    out: values.out === undefined ? undefined : resolve(base, values.out),
    sign: values.sign === undefined ? undefined : resolve(base, values.sign),
    yes: values.yes === true,
    older: values.older === true,
    dryRun: values['dry-run'] === true || values.diff === true,
    only: values.only,
    phase: phaseNamed(values.phase),
  };
}

/** @param base folder that paths are relative to. @throws UsageError */
export function parseDestroy(args: readonly string[], base: string): DestroyOptions {
  const values = read(args, { config: text, yes: flag, receipt: text, 'delete-data': flag, confirm: text });
  if (values.confirm !== undefined && values['delete-data'] !== true) {
    throw new UsageError('--confirm goes with --delete-data');
  }
  return {
    command: 'destroy',
    config: resolve(base, demanded(values.config, 'destroy takes --config')),
    yes: values.yes === true,
    receipt: values.receipt === undefined ? undefined : resolve(base, values.receipt),
    deleteData: values['delete-data'] === true,
    confirm: values.confirm,
  };
}

function phaseNamed(given: string | undefined): Phase | undefined {
  const phase = PHASES.find((one) => one === given);
  if (given !== undefined && phase === undefined)
    throw new UsageError(`--phase is one of ${PHASES.join(', ')}`);
  return phase;
}

function demanded(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new UsageError(what);
  return value;
}

function read<const O extends NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>>(
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
