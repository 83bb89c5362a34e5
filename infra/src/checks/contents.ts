// SPDX-License-Identifier: Apache-2.0
import { type Check, isObject, many, resourcesOf, walk } from './check.ts';
import { RESOURCE_TYPES } from './types.ts';

const tags: Check = {
  id: 'tags',
  refuses: 'Resources that take tags and lack that of the deployment, `enclave-vault`.',
  because: 'By it the deploy command knows what is its own, and the bill what it cost.',
  *find(subject) {
    for (const { id, type, properties } of resourcesOf(subject)) {
      if (RESOURCE_TYPES[type]?.tags !== true) continue;
      const { Tags, HostedZoneTags } = properties;
      const listed = many(Tags ?? HostedZoneTags);
      const value = listed
        .map((tag) =>
          isObject(tag) ? (tag.Key === 'enclave-vault' ? tag.Value : tag['enclave-vault']) : undefined,
        )
        .find((one) => one !== undefined);
      if (value !== subject.config.name) yield { resource: id, reason: 'no tag enclave-vault' };
    }
  },
};

/** What secrets look like, whatever member they are in. */
const SECRETS: readonly (readonly [string, RegExp])[] = [
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['an access key', /\b(AKIA|ASIA)[A-Z2-7]{16}\b/],
  ['a signed token', /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+/],
  ['a key of the vault’s API', /\bev_[A-Za-z0-9]{20,}\b/],
];
/** Members that CloudFormation has for secrets. */
const SECRET_MEMBER =
  /^(.*(Password|Passphrase|SecretKey|SecretString|ClientSecret|AuthToken|PrivateKey)|OAuthToken)$/;

const secrets: Check = {
  id: 'secret',
  refuses: 'Private keys, access keys, tokens and passwords in a template.',
  because: 'Whoever may look at a stack reads its template, for as long as CloudFormation keeps it.',
  *find(subject) {
    for (const { id, properties } of resourcesOf(subject)) {
      for (const [path, value] of walk(properties)) {
        if (typeof value !== 'string') continue;
        const where = path.join('.');
        for (const [what, pattern] of SECRETS) {
          if (pattern.test(value)) yield { resource: id, reason: `${where}: ${what}` };
        }
        if (SECRET_MEMBER.test(path.at(-1) ?? ''))
          yield { resource: id, reason: `${where}: a secret as text` };
      }
    }
  },
};

export const CONTENT_CHECKS: readonly Check[] = [tags, secrets];
