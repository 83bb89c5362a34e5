// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';
import type { Place } from '../storage/storage.ts';
import type { TableOptions } from './table-source.ts';

export type SourceOptions =
  | { readonly kind: 'export'; readonly path: string }
  | ({ readonly kind: 'table' } & TableOptions);

export type TargetOptions = Place;

export interface ImportOptions {
  readonly kind: 'import';
  readonly source: SourceOptions;
  readonly target: TargetOptions;
  readonly tenant: string;
  readonly keyArn: string;
  readonly state: string | undefined;
  readonly report: string | undefined;
  readonly rate: number | undefined;
  readonly limit: number | undefined;
  readonly dryRun: boolean;
  readonly replace: boolean;
  readonly without: readonly string[];
  readonly withoutDamaged: boolean;
}

export interface PolicyOptions {
  readonly kind: 'policy';
  /** The whole policy, for a key whose sample is gone, in place of one statement. */
  readonly whole: boolean;
  readonly from:
    | { readonly data: string }
    | {
        readonly configs: readonly string[];
        readonly manifests: readonly string[];
        readonly manifestKey: string | undefined;
      };
}

export const IMPORT_USAGE = `enclave-vault import-sample PATH --key-arn ARN [options]      copy vaults of the AWS sample into this vault, sealed as they are
enclave-vault import-sample --table NAME --region R --key-arn ARN [options]
  PATH                   a DynamoDB export: its folder (with manifest-files.json), or one .json or .json.gz file
  --table NAME --region R [--endpoint URL] [--segments N] [--profile NAME]   a live table instead, with credentials that the AWS SDK
                         finds here; --profile: those of a profile, where the vault's own are others
  --key-arn ARN          the KMS key of the sample, which wrapped its private keys
  --data DIR             into the running local vault (.vault)                                    ENCLAVE_VAULT_DATA
  --config FILE          into a deployment, with the API role's credentials: the API's configuration (and the parent's, which names the
                         legacy keys; repeatable)
  --tenant T             whose vaults they are to be (default)
  --dry-run              look, report, write nothing
  --limit N              a trial: stop after N imported vaults, keep no state
  --state FILE           keep how far it came: the same command goes on from there, without a duplicate or a gap
  --report FILE          a JSON line for each vault: imported, already, or skipped and why
  --rate N               at most so many vaults a second
  --drop-fields a,b      import without these fields; else a vault with a field that the schema has not is skipped whole
  --drop-damaged-fields  import without fields that are no sealed values; else such a vault is skipped whole
  --replace              import anew what was imported before, is unchanged here, and differs at the source
enclave-vault import-sample --print-key-policy [--whole] [--data DIR | --config FILE … --manifest FILE … --manifest-key FILE]
  Prints the statement that lets our enclaves use the sample's key; --whole: the policy of that key once the sample is gone.
  --config FILE: the role files of the deployment and of its parent; --manifest FILE: of its enclave image, as for doctor
  Exit code 0: all imported or there already. 1: something was skipped, or it was interrupted. The last line is a JSON summary.`;

const TENANT = /^[a-z][a-z0-9-]{0,62}$/;
const KEY_ARN =
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const REGION = /^[a-z]{2,}(?:-[a-z0-9]+)+$/;
const SEGMENTS = 4;

/**
 * Reads the words of the command.
 * @throws {UsageError} naming every one that is wrong
 */
export function parseImportOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ImportOptions | PolicyOptions {
  const { values, positionals } = read(args);
  const problems: string[] = [];
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const base = env.INIT_CWD ?? '.';
  const path = (text: string | undefined) => (text === undefined ? undefined : resolve(base, text));
  const whole = (name: 'rate' | 'limit' | 'segments', most: number): number | undefined => {
    const text = name === 'rate' ? values.rate?.replace(/\/s$/, '') : values[name];
    if (text === undefined) return undefined;
    const n = /^[0-9]{1,7}$/.test(text) ? Number(text) : 0;
    demand(n >= 1 && n <= most, `--${name} takes a whole number from 1 to ${most}`);
    return n;
  };
  const paths = (texts: readonly string[] = []) => texts.map((text) => resolve(base, text));
  const configs = paths(values.config);
  const data = resolve(base, values.data ?? env.ENCLAVE_VAULT_DATA ?? '.vault');
  demand(values.data === undefined || configs.length === 0, '--data and --config exclude each other');
  if (values['print-key-policy'] === true) {
    demand(positionals.length === 0, '--print-key-policy takes no PATH');
    const manifests = paths(values.manifest);
    const manifestKey = path(values['manifest-key']);
    if (problems.length > 0) throw new UsageError(problems.join('\n'));
    return {
      kind: 'policy',
      whole: values.whole === true,
      from: configs.length === 0 ? { data } : { configs, manifests, manifestKey },
    };
  }
  demand(
    values.whole !== true && values.manifest === undefined && values['manifest-key'] === undefined,
    '--whole and --manifest go with --print-key-policy',
  );
  const { table, region = '', endpoint, profile, 'key-arn': keyArn = '', tenant = 'default' } = values;
  const [exported, ...more] = positionals;
  demand(
    (exported === undefined) !== (table === undefined) && more.length === 0,
    'import-sample takes one PATH, or --table',
  );
  if (table === undefined)
    demand(
      !region && [endpoint, profile, values.segments].every((given) => given === undefined),
      '--region, --endpoint, --profile and --segments go with --table',
    );
  else demand(REGION.test(region), '--table needs --region');
  demand(
    endpoint === undefined || isSafe(endpoint),
    '--endpoint takes an https URL; http on this machine only',
  );
  demand(KEY_ARN.test(keyArn), '--key-arn takes the ARN of a KMS key (no alias)');
  demand(TENANT.test(tenant), 'a tenant is named like acme-health: a-z, 0-9 and hyphens');
  demand(values.limit === undefined || values.state === undefined, '--limit and --state exclude each other');
  demand(
    values['dry-run'] !== true || values.state === undefined,
    '--dry-run and --state exclude each other',
  );
  const segments = whole('segments', 64) ?? SEGMENTS;
  const [rate, limit] = [whole('rate', 1_000_000), whole('limit', 1_000_000)];
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return {
    kind: 'import',
    source:
      table === undefined
        ? { kind: 'export', path: resolve(base, exported ?? '') }
        : { kind: 'table', table, region, endpoint, profile, segments },
    target: configs.length === 0 ? { kind: 'local', data } : { kind: 'config', paths: configs },
    ...{ tenant, keyArn, rate, limit },
    state: path(values.state),
    report: path(values.report),
    dryRun: values['dry-run'] === true,
    replace: values.replace === true,
    without: [...new Set((values['drop-fields'] ?? '').split(',').map((name) => name.trim().toLowerCase()))]
      .filter(Boolean)
      .sort(),
    withoutDamaged: values['drop-damaged-fields'] === true,
  };
}

/** What is read is ciphertext, but a request carries credentials. */
function isSafe(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname } = new URL(endpoint);
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
  );
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        table: { type: 'string' },
        region: { type: 'string' },
        endpoint: { type: 'string' },
        profile: { type: 'string' },
        segments: { type: 'string' },
        'key-arn': { type: 'string' },
        data: { type: 'string' },
        config: { type: 'string', multiple: true },
        manifest: { type: 'string', multiple: true },
        'manifest-key': { type: 'string' },
        tenant: { type: 'string' },
        'dry-run': { type: 'boolean' },
        limit: { type: 'string' },
        state: { type: 'string' },
        report: { type: 'string' },
        rate: { type: 'string' },
        'drop-fields': { type: 'string' },
        'drop-damaged-fields': { type: 'boolean' },
        replace: { type: 'boolean' },
        'print-key-policy': { type: 'boolean' },
        whole: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
