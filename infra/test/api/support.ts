// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import {
  DEPLOY,
  type DeployConfig,
  exampleKnown,
  STAGES,
  synthesize,
  type Template,
} from '../../src/index.ts';

/** The example's configuration with these members of deploy.json over it. */
export function config(more: object = {}): DeployConfig {
  return readRole(DEPLOY, { file: { ...(DEPLOY.example as object), ...more }, env: {} });
}

/** With these settings of the API. */
export const apiConfig = (api: object, more: object = {}): DeployConfig => config({ api, ...more });

/** Tokens of an issuer, over the internet. */
export const TOKENS = {
  exposure: 'regional',
  auth: 'jwt',
  jwt: {
    issuer: 'https://id.example.com',
    audience: 'vault',
    rules: [
      { when: { kind: 'partner' }, tenantClaim: 'tenant', scopesClaim: 'scope', fieldsClaim: 'fields' },
      { when: { iss: 'https://id.example.com' }, tenant: 'default', scopes: ['vaults:read'] },
    ],
  },
};

export const ACCOUNT = '111122223333';
export const CLAIMS = {
  arn: `arn:aws:iam::${ACCOUNT}:role/apps/claims`,
  tenant: 'default',
  scopes: ['vaults:create', 'vaults:read', 'vaults:decrypt'],
  fields: ['email'],
};

/** The template of the API's stack. */
export function template(from: DeployConfig): Template {
  const api = STAGES.find(({ id }) => id === 'api');
  if (api === undefined) throw new Error('there is no stage api');
  return synthesize(api, exampleKnown(from));
}

/** Properties of a resource, of whatever shape. */
export type Json = Readonly<Record<string, unknown>>;

export interface Resource {
  readonly id: string;
  readonly properties: Json;
  readonly dependsOn: readonly string[];
}

/** Resources of a type, with their logical ids. */
export function ofType({ Resources }: Template, type: string): readonly Resource[] {
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, { Properties = {}, DependsOn = [] }]) => ({
      id,
      properties: Properties as Json,
      dependsOn: typeof DependsOn === 'string' ? [DependsOn] : DependsOn,
    }));
}

/** The one resource of a type. */
export function only(from: Template, type: string): Resource {
  const [first, ...others] = ofType(from, type);
  if (first === undefined || others.length > 0) throw new Error(`${others.length + 1} of ${type}`);
  return first;
}

/** A resource by its logical id. */
export function named({ Resources }: Template, id: string): Json {
  const found = Resources[id];
  if (found === undefined) throw new Error(`no ${id}`);
  return (found.Properties ?? {}) as Json;
}

const STAND_INS: Readonly<Record<string, string>> = {
  Api: 'abcdefghij',
  Tokens: 'toknid',
  FunctionLive: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:vault-api:live`,
  AuthorizerLive: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:vault-authorizer:live`,
};

/** Text with what CloudFormation would fill in. */
export function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: ref, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (ref !== undefined) return STAND_INS[ref] ?? `ref-${ref}`;
  if (join !== undefined) return join[1].map(filled).join(join[0]);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner)]));
}
