// SPDX-License-Identifier: Apache-2.0
import { defineRole, listOf, oneOf, type RoleValues, text, url } from '@enclave-vault/settings';

/** Of figures, where nothing says another. */
export const DEFAULT_NAMESPACE = 'EnclaveVault';
/** API Gateway's own members of what it hands on. */
const TAKEN = 'principalId|integrationLatency';

/** Settings of the authorizer's function. */
export const AUTHORIZER = defineRole('authorizer', {
  doc: 'The function that verifies tokens for API Gateway (`host/authorizer`), where `api.auth` is jwt. It reads the file beside its code and no variables: who may change those could name another issuer.',
  settings: [
    {
      path: 'issuer',
      env: 'ENCLAVE_VAULT_AUTHORIZER_ISSUER',
      doc: 'Issuer of tokens, equal to their `iss`.',
      read: url(),
    },
    {
      path: 'audience',
      env: 'ENCLAVE_VAULT_AUTHORIZER_AUDIENCE',
      doc: 'One of the token’s `aud`.',
      read: text(),
    },
    {
      path: 'jwksUri',
      env: 'ENCLAVE_VAULT_AUTHORIZER_JWKS_URI',
      doc: 'Where the issuer’s keys are; `/.well-known/jwks.json` below the issuer when it is not given.',
      read: url(),
      optional: true,
    },
    {
      path: 'algorithms',
      env: 'ENCLAVE_VAULT_AUTHORIZER_ALGORITHMS',
      doc: 'Signature algorithms that are taken.',
      read: listOf(
        oneOf('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'),
        1,
      ),
    },
    {
      path: 'type',
      env: 'ENCLAVE_VAULT_AUTHORIZER_TYPE',
      doc: '`typ` of the token’s header.',
      read: text(),
      optional: true,
    },
    {
      path: 'claims',
      env: 'ENCLAVE_VAULT_AUTHORIZER_CLAIMS',
      doc: 'Claims that are handed on beside `iss`, `sub` and `exp`.',
      read: listOf(text('the name of a claim', new RegExp(`(?!(?:${TAKEN})$)[\\x21-\\x7e]{1,128}`)), 0, 50),
      default: [] as readonly string[],
    },
    {
      path: 'metricsNamespace',
      env: 'ENCLAVE_VAULT_AUTHORIZER_METRICS_NAMESPACE',
      doc: 'CloudWatch namespace of the figures.',
      read: text('a CloudWatch namespace', /[\w./#:-]{1,255}/),
      default: DEFAULT_NAMESPACE,
    },
  ],
  rules: [],
  example: { issuer: 'https://id.example.com', audience: 'vault', algorithms: ['ES256'], claims: ['scope'] },
});

export type AuthorizerSettings = RoleValues<typeof AUTHORIZER>;
