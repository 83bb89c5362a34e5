// SPDX-License-Identifier: Apache-2.0
import {
  flag,
  integer,
  json,
  listOf,
  oneOf,
  parsed,
  type Rule,
  type Setting,
  text,
  url,
} from '@enclave-vault/settings';
import {
  type Caller,
  CONTROL_TENANT,
  parseCallers,
  parseTokenRules,
  SMOKE_TENANT,
  type TokenRule,
} from './callers.ts';
import { parseBlock } from './ipv4.ts';
import { logDays } from './log-days.ts';

const none: readonly never[] = [];

/** The API: who calls it, from where, how much of it there is. */
export const API_SETTINGS = [
  {
    path: 'api.exposure',
    env: 'ENCLAVE_VAULT_DEPLOY_API_EXPOSURE',
    doc: 'private: called through the VPC’s endpoint alone. regional: called over the internet, and not from the vault’s own VPC.',
    read: oneOf('private', 'regional'),
    default: 'private',
  },
  {
    path: 'api.auth',
    env: 'ENCLAVE_VAULT_DEPLOY_API_AUTH',
    doc: 'iam: signed requests of `api.callers`. jwt: tokens of `api.jwt.issuer`, of a regional API alone.',
    read: oneOf('iam', 'jwt'),
    default: 'iam',
  },
  {
    path: 'api.callers',
    env: 'ENCLAVE_VAULT_DEPLOY_API_CALLERS',
    doc: 'Roles that may sign requests, and their rights: rules of the [policy file](lambda.md) (`iam`), each with the exact ARN of a role, its path included. Each role needs `execute-api:Invoke` in a policy of its own as well.',
    read: json('a list of up to 30 rules with exact ARNs of roles', parseCallers),
    default: none as readonly Caller[],
  },
  {
    path: 'api.cidrs',
    env: 'ENCLAVE_VAULT_DEPLOY_API_CIDRS',
    doc: 'Addresses that a regional API is called from; none: all.',
    read: listOf(parsed('an IPv4 block', block), 0, 40),
    default: none as readonly string[],
  },
  {
    path: 'api.jwt.issuer',
    env: 'ENCLAVE_VAULT_DEPLOY_API_JWT_ISSUER',
    doc: 'Issuer of tokens, as it stands in them.',
    read: url(),
    optional: true,
  },
  {
    path: 'api.jwt.audience',
    env: 'ENCLAVE_VAULT_DEPLOY_API_JWT_AUDIENCE',
    doc: 'Audience that tokens must have.',
    read: text('text of up to 256 characters', /[\x21-\x7e]{1,256}/),
    optional: true,
  },
  {
    path: 'api.jwt.jwksUri',
    env: 'ENCLAVE_VAULT_DEPLOY_API_JWT_JWKS_URI',
    doc: 'Where the issuer’s keys are; `/.well-known/jwks.json` below the issuer when it is not given.',
    read: url(),
    optional: true,
  },
  {
    path: 'api.jwt.algorithms',
    env: 'ENCLAVE_VAULT_DEPLOY_API_JWT_ALGORITHMS',
    doc: 'Signature algorithms that are taken, all of them with public keys.',
    read: listOf(
      oneOf('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'),
      1,
    ),
    default: ['RS256', 'ES256'] as readonly ('RS256' | 'ES256')[],
  },
  {
    path: 'api.jwt.type',
    env: 'ENCLAVE_VAULT_DEPLOY_API_JWT_TYPE',
    doc: '`typ` that tokens must have in their header: `at+jwt` where the issuer keeps RFC 9068. Any when it is not given.',
    read: text('a media type without application/', /[a-z0-9.+-]{1,64}/),
    optional: true,
  },
  {
    path: 'api.jwt.rules',
    env: 'ENCLAVE_VAULT_DEPLOY_API_JWT_RULES',
    doc: 'Rights of holders of tokens: rules of the [policy file](lambda.md) (`claims`), without `source`. Only claims that a rule names leave the authorizer.',
    read: json('a list of up to 50 rules', parseTokenRules),
    default: none as readonly TokenRule[],
  },
  {
    path: 'api.jwt.cacheSeconds',
    env: 'ENCLAVE_VAULT_DEPLOY_API_JWT_CACHE_SECONDS',
    doc: 'How long API Gateway keeps the answer about a token. The vault refuses one that has expired meanwhile; one that was revoked stays good so long.',
    read: integer(0, 300, 'seconds'),
    default: 60,
  },
  {
    path: 'api.schema',
    env: 'ENCLAVE_VAULT_DEPLOY_API_SCHEMA',
    doc: 'A record schema of your own, in place of the [default one](user-guide.md).',
    read: json('a record schema', parseObject),
    optional: true,
  },
  {
    path: 'api.allowOrphans',
    env: 'ENCLAVE_VAULT_DEPLOY_API_ALLOW_ORPHANS',
    doc: 'Accept a schema that leaves stored fields without a definition.',
    read: flag(),
    default: false,
  },
  {
    path: 'api.keyPool.size',
    env: 'ENCLAVE_VAULT_DEPLOY_API_KEY_POOL_SIZE',
    doc: 'Key pairs that an execution of the function makes before a record asks for one; as many as were used in the last seconds. 0: none.',
    read: integer(0, 10_000),
    default: 256,
  },
  {
    path: 'api.keyPool.perSecond',
    env: 'ENCLAVE_VAULT_DEPLOY_API_KEY_POOL_PER_SECOND',
    doc: 'Calls of KMS for them, at most, of an execution. KMS lets an account make 100 pairs a second in a Region ([operations](operations.md#quotas)).',
    read: integer(1, 10_000),
    default: 50,
  },
  {
    path: 'api.smokeField',
    env: 'ENCLAVE_VAULT_DEPLOY_API_SMOKE_FIELD',
    doc: 'Field of text that the smoke test writes, in a record of its own.',
    read: text('the name of a field', /[a-z][a-z0-9_]{0,63}/),
    default: 'first_name',
  },
  {
    path: 'api.memory',
    env: 'ENCLAVE_VAULT_DEPLOY_API_MEMORY',
    doc: 'Memory of the function. At 1769 MB it has one whole processor, which a cold start needs.',
    read: integer(1024, 10_240, 'MB'),
    default: 1769,
  },
  {
    path: 'api.reservedConcurrency',
    env: 'ENCLAVE_VAULT_DEPLOY_API_RESERVED_CONCURRENCY',
    doc: 'Executions of the function at the same time: set aside for it, and no more than that. The account’s own limit when it is not given.',
    read: integer(1, 10_000),
    optional: true,
  },
  {
    path: 'api.throttle.rate',
    env: 'ENCLAVE_VAULT_DEPLOY_API_THROTTLE_RATE',
    doc: 'Requests a second of all callers together.',
    read: integer(1, 10_000),
    default: 100,
  },
  {
    path: 'api.throttle.burst',
    env: 'ENCLAVE_VAULT_DEPLOY_API_THROTTLE_BURST',
    doc: 'Requests in a burst, of all callers together.',
    read: integer(1, 5000),
    default: 200,
  },
  {
    path: 'api.throttle.decryptRate',
    env: 'ENCLAVE_VAULT_DEPLOY_API_THROTTLE_DECRYPT_RATE',
    doc: 'Decryptions a second of all callers together, of which a call for many counts as a hundred: the fastest that a stolen caller empties the vault.',
    read: integer(1, 10_000),
    default: 20,
  },
  {
    path: 'api.throttle.decryptBurst',
    env: 'ENCLAVE_VAULT_DEPLOY_API_THROTTLE_DECRYPT_BURST',
    doc: 'Decryptions in a burst, of all callers together; of calls for many, one for each hundred, and one at least.',
    read: integer(1, 5000),
    default: 40,
  },
  {
    path: 'api.tls',
    env: 'ENCLAVE_VAULT_DEPLOY_API_TLS',
    doc: 'Security policy of API Gateway for TLS: by default TLS 1.2 and 1.3 with forward secrecy, and hybrid post-quantum key exchange for who knows it. `default`: API Gateway’s own, for Regions that have no other.',
    read: text(
      'default, or a name that begins with SecurityPolicy_TLS13_',
      /default|SecurityPolicy_TLS13_[A-Za-z0-9_]{1,64}/,
    ),
    default: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
  },
  {
    path: 'api.accessLogs',
    env: 'ENCLAVE_VAULT_DEPLOY_API_ACCESS_LOGS',
    doc: 'A line for each request, without body, query or credentials. API Gateway writes them with one role for the whole account and Region, which must be set (`api.accountLogRole`).',
    read: flag(),
    default: true,
  },
  {
    path: 'api.accountLogRole',
    env: 'ENCLAVE_VAULT_DEPLOY_API_ACCOUNT_LOG_ROLE',
    doc: 'keep: the role that the account and Region have for API Gateway’s logs; refused before anything is created where there is none. set: where there is none the deploy command sets one of ours, for all REST APIs of account and Region.',
    read: oneOf('keep', 'set'),
    default: 'keep',
  },
  {
    path: 'api.logDays',
    env: 'ENCLAVE_VAULT_DEPLOY_API_LOG_DAYS',
    doc: 'How long logs of functions and gateway are kept: a period that CloudWatch Logs has.',
    read: logDays(),
    default: 365,
  },
  {
    path: 'api.waf',
    env: 'ENCLAVE_VAULT_DEPLOY_API_WAF',
    doc: 'AWS WAF before the gateway: managed rules, and a limit for each address.',
    read: flag(),
    default: false,
  },
  {
    path: 'api.wafRate',
    env: 'ENCLAVE_VAULT_DEPLOY_API_WAF_RATE',
    doc: 'Requests of one address in five minutes, beyond which WAF refuses.',
    read: integer(10, 2_000_000),
    default: 3000,
  },
  {
    path: 'api.alarms.decrypts',
    env: 'ENCLAVE_VAULT_DEPLOY_API_ALARMS_DECRYPTS',
    doc: 'Decryptions in five minutes, beyond which an alarm asks whether that is all right.',
    read: integer(1, 10_000_000),
    default: 1500,
  },
  {
    path: 'api.alarms.latency',
    env: 'ENCLAVE_VAULT_DEPLOY_API_ALARMS_LATENCY',
    doc: 'Time that 99 of 100 answers must keep.',
    read: integer(10, 29_000, 'ms'),
    default: 3000,
  },
] as const satisfies readonly Setting[];

interface ApiValues {
  readonly partition: string;
  readonly account: string;
  readonly api: {
    readonly exposure: 'private' | 'regional';
    readonly auth: 'iam' | 'jwt';
    readonly callers: readonly Caller[];
    readonly cidrs: readonly string[];
    readonly jwt: {
      readonly issuer: string | undefined;
      readonly audience: string | undefined;
      readonly rules: readonly TokenRule[];
    };
    readonly accessLogs: boolean;
    readonly accountLogRole: 'keep' | 'set';
  };
}

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** What must hold between them. */
export const API_RULES: readonly Rule<ApiValues>[] = [
  {
    settings: ['api.auth', 'api.exposure'],
    doc: 'tokens (`api.auth` jwt) are for a regional API: a private one is called with signed requests',
    broken: ({ api: { auth, exposure } }) => auth === 'jwt' && exposure === 'private',
  },
  {
    settings: ['api.jwt.issuer', 'api.jwt.audience', 'api.auth'],
    doc: '`api.auth` jwt needs `api.jwt.issuer`, `api.jwt.audience` and `api.jwt.rules`; iam has none of them',
    broken: ({ api: { auth, jwt } }) => {
      const given = [jwt.issuer, jwt.audience, jwt.rules[0]].filter((one) => one !== undefined).length;
      return given !== (auth === 'jwt' ? 3 : 0);
    },
  },
  {
    settings: ['api.callers', 'partition'],
    doc: '`api.callers` are roles of the partition',
    broken: ({ api, partition }) => api.callers.some(({ arn }) => arn.split(':')[1] !== partition),
  },
  {
    settings: ['api.callers', 'api.exposure', 'account'],
    doc: '`api.callers` of a private API are roles of the account: others have no way to its endpoint',
    broken: ({ api, account }) =>
      api.exposure === 'private' && api.callers.some(({ arn }) => accountOf(arn) !== account),
  },
  {
    settings: ['api.callers', 'api.jwt.rules'],
    doc: `the tenants ${SMOKE_TENANT} and ${CONTROL_TENANT} are the smoke test’s and the canary’s`,
    broken: ({ api }) =>
      [...api.callers, ...api.jwt.rules].some(
        ({ tenant }) => tenant === SMOKE_TENANT || tenant === CONTROL_TENANT,
      ),
  },
  {
    settings: ['api.callers', 'api.auth'],
    doc: '`api.callers` sign requests: with `api.auth` jwt there are none',
    broken: ({ api }) => api.auth === 'jwt' && api.callers.length > 0,
  },
  {
    settings: ['api.cidrs', 'api.exposure'],
    doc: '`api.cidrs` are for a regional API: a private one is called through its endpoint (`network.clientCidrs`)',
    broken: ({ api }) => api.exposure === 'private' && api.cidrs.length > 0,
  },
];

/** The text as it is: API Gateway takes no other form. */
function block(given: string): string {
  parseBlock(given);
  return given;
}

function parseObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError();
  return value as Readonly<Record<string, unknown>>;
}
