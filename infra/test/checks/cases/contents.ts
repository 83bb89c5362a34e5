// SPDX-License-Identifier: Apache-2.0
import { type Case, on, set, statement } from './case.ts';

const AKIA = `AKIA${'A'.repeat(16)}`;
const PEM = ['-----BEGIN EC', 'PRIVATE KEY-----'].join(' ');

export const CONTENTS_CASES: readonly Case[] = [
  ...on(
    'tags',
    'Key',
    ['no tag', 'no tag', set('Key', 'Tags')],
    ['a tag of another deployment', 'no tag', set('Key', 'Tags', [{ Key: 'enclave-vault', Value: 'other' }])],
  ),
  ...on(
    'secret',
    'Function',
    ['a private key', 'a private key', set('Function', 'Environment.Variables.A', PEM)],
    ['an access key', 'an access key', set('Function', 'Environment.Variables.A', AKIA)],
    [
      'a token',
      'a signed token',
      set('Function', 'Environment.Variables.A', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0x.c2ln'),
    ],
    ['a password', 'a secret as text', set('Function', 'Environment.Variables.MasterUserPassword', 'x')],
  ),
  ...on(
    'template-size',
    '',
    [
      'too many outputs',
      '201 outputs',
      (template) => {
        for (let i = 1; i <= 200; i++) template.Outputs[`More${i}`] = { Value: 'x' };
      },
    ],
    [
      'too many resources',
      '501 resources',
      (template) => {
        const missing = 501 - Object.keys(template.Resources).length;
        for (let i = 0; i < missing; i++) template.Resources[`More${i}`] = { Type: 'AWS::KMS::Alias' };
      },
    ],
    [
      'too many bytes',
      'bytes of 1048576',
      (template) => {
        template.Description = 'x'.repeat(1024 * 1024);
      },
    ],
  ),
  ...on('policy-size', '', [
    'inline policies together',
    'policies of vault-api',
    statement({ Resource: 'r'.repeat(10_240) }),
  ]),
  ...on('policy-size', 'Api', [
    'a resource policy',
    'of 8192',
    set('Api', 'Policy.Statement.0.Resource', 'r'.repeat(8192)),
  ]),
  ...on('payload-size', 'Template', [
    'user data',
    'user data of 16385',
    set('Template', 'LaunchTemplateData.UserData', { 'Fn::Base64': 'x'.repeat(16_385) }),
  ]),
  ...on('payload-size', 'Function', [
    'an environment',
    'environment of',
    set('Function', 'Environment.Variables.A', 'x'.repeat(4096)),
  ]),
  ...on('payload-size', 'Group', [
    'a long group',
    '61 rules',
    set(
      'Group',
      'SecurityGroupIngress',
      Array.from({ length: 60 }, () => ({ CidrIp: '10.0.0.0/8' })),
    ),
  ]),
];
