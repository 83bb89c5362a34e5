// SPDX-License-Identifier: Apache-2.0
import { CONTROL_TENANT, SMOKE_TENANT } from '../config/callers.ts';
import type { DeployConfig } from '../config/deploy.ts';
import { namesOf } from '../names.ts';
import { STAGE } from '../stages/api/routes.ts';
import { CHANNEL_PORT } from './parent.ts';

/** Lambda unpacks a function's archive here. */
const FOLDER = '/var/task';

/** Names of files in the archives of functions, beside `index.mjs`. */
export const FUNCTION_FILES = {
  /** Settings: of the role `api` in the API's archive, of `authorizer` in the authorizer's. */
  settings: 'enclave-vault.json',
  authorizers: 'authorizers.json',
  channelClientRoot: 'channel-client-root.pem',
  channelServerRoot: 'channel-server-root.pem',
} as const;

/** What ENCLAVE_VAULT_CONFIG of a function says. */
export const SETTINGS_FILE = `${FOLDER}/${FUNCTION_FILES.settings}`;

/** What the settings are made of that deploy.json does not know. */
export interface ApiPlaces {
  readonly vaultKey: string;
  readonly requestKey: string;
  readonly integrityKey: string;
  /** Signs the function's certificates for the parent. */
  readonly channelKey: string;
  readonly table: string;
  readonly auditLogGroup: string;
  /** DNS name of the load balancer before the parents. */
  readonly balancer: string;
}

/**
 * Settings of the API's function: the file of role `api` (docs/configuration.md) as JSON. Everything is in it: the
 * function is told nothing by its environment but where it lies, and Lambda takes it only as AWS Signer signed it.
 */
export function apiSettings(config: DeployConfig, places: ApiPlaces): string {
  const { api, features, network, region } = config;
  return json({
    region,
    keys: { vault: places.vaultKey, request: places.requestKey, integrity: places.integrityKey },
    kms: { fips: network.fips },
    store: { kind: 'dynamodb', table: places.table },
    audit: { kind: 'log_group', name: places.auditLogGroup },
    parent: `https://${places.balancer}:${CHANNEL_PORT}`,
    channel: {
      key: places.channelKey,
      clientRoot: `${FOLDER}/${FUNCTION_FILES.channelClientRoot}`,
      serverRoot: `${FOLDER}/${FUNCTION_FILES.channelServerRoot}`,
    },
    ...(api.schema === undefined ? {} : { schema: api.schema }),
    allowOrphans: api.allowOrphans,
    keyPool: api.keyPool,
    authorizers: `${FOLDER}/${FUNCTION_FILES.authorizers}`,
    gateway: { stages: [STAGE] },
    tracing: features.tracing,
    metricsNamespace: namesOf(config).namespace,
  });
}

/** What the smoke test does, and no more. */
const SMOKE_SCOPES = [
  'vaults:create',
  'vaults:read',
  'vaults:decrypt',
  'vaults:delete',
  'audit:read',
] as const;

/**
 * What the positive control does, and no more: of a record that it makes it decrypts the one field. It deletes nothing; a
 * record a day stays.
 */
const CONTROL_SCOPES = ['vaults:create', 'vaults:decrypt'] as const;

/**
 * The policy file of callers (docs/lambda.md): the roles of `api.callers`, the smoke test's and the control's, or the rules for holders of
 * tokens. Rules follow the same list as the API's resource policy.
 */
export function authorizersFile(config: DeployConfig): string {
  const { auth, callers, jwt } = config.api;
  const { roleArn } = namesOf(config);
  const smoke = { arn: roleArn('smoke'), tenant: SMOKE_TENANT, scopes: SMOKE_SCOPES };
  const control = {
    arn: roleArn('canary-control'),
    tenant: CONTROL_TENANT,
    scopes: CONTROL_SCOPES,
    fields: [config.api.smokeField],
  };
  return json({
    version: 1,
    // Where tokens are asked for nobody signs but to see /health, which asks for no rights.
    iam: auth === 'iam' ? [smoke, control, ...callers] : [],
    claims: auth === 'jwt' ? jwt.rules.map((rule) => ({ source: 'lambda', ...rule })) : [],
  });
}

/**
 * Settings of the authorizer's function: the file of role `authorizer`.
 * @returns null where no tokens are asked for
 */
export function authorizerSettings(config: DeployConfig): string | null {
  const { auth, jwt } = config.api;
  if (auth !== 'jwt') return null;
  return json({
    issuer: jwt.issuer,
    audience: jwt.audience,
    ...(jwt.jwksUri === undefined ? {} : { jwksUri: jwt.jwksUri }),
    algorithms: jwt.algorithms,
    ...(jwt.type === undefined ? {} : { type: jwt.type }),
    claims: claimsOf(config),
    metricsNamespace: namesOf(config).namespace,
  });
}

/** Claims that the authorizer hands on by itself, and those that hold no rights. */
const ALWAYS: ReadonlySet<string> = new Set(['iss', 'sub', 'exp']);

/** The claims that some rule reads: nothing else of a token reaches the vault. */
export function claimsOf({ api: { jwt } }: DeployConfig): readonly string[] {
  const read = jwt.rules.flatMap(({ when, ...rights }) => [
    ...Object.keys(when),
    ...Object.entries(rights).flatMap(([name, claim]) =>
      name.endsWith('Claim') && typeof claim === 'string' ? [claim] : [],
    ),
  ]);
  return [...new Set(read)].filter((claim) => !ALWAYS.has(claim)).sort();
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
