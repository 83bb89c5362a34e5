// SPDX-License-Identifier: Apache-2.0
import { type Case, on, set } from './case.ts';

export const CODE_CASES: readonly Case[] = [
  ...on(
    'function-code',
    'Function',
    ['inline code', 'code by ZipFile', set('Function', 'Code.ZipFile', 'exports.handler = () => {}')],
    ['an image', 'code by ImageUri', set('Function', 'Code.ImageUri', 'registry/image')],
    ['an image package', 'container image', set('Function', 'PackageType', 'Image')],
    ['no version', 'code without S3ObjectVersion', set('Function', 'Code.S3ObjectVersion')],
    [
      'a version that comes later',
      'code without S3ObjectVersion',
      set('Function', 'Code.S3ObjectVersion', { Ref: 'Key' }),
    ],
    ['no signatures', 'no code-signing configuration', set('Function', 'CodeSigningConfigArn')],
    ['a layer', 'has layers', set('Function', 'Layers', ['arn:aws:lambda:eu-central-1:1:layer:a:1'])],
  ),
  ...on(
    'code-signing',
    'Signing',
    [
      'warnings',
      'does not enforce',
      set('Signing', 'CodeSigningPolicies.UntrustedArtifactOnDeployment', 'Warn'),
    ],
    ['the default', 'does not enforce', set('Signing', 'CodeSigningPolicies')],
  ),
  ...on('invocation', 'Invocations', [
    'a destination',
    'has a destination',
    set('Invocations', 'DestinationConfig', { OnFailure: {} }),
  ]),
  ...on(
    'invocation',
    'Permission',
    ['everybody', 'everybody may invoke', set('Permission', 'Principal', '*')],
    ['a function URL', 'function URL', set('Permission', 'FunctionUrlAuthType', 'NONE')],
    [
      'more than invocation',
      'gives lambda:UpdateFunctionCode',
      set('Permission', 'Action', 'lambda:UpdateFunctionCode'),
    ],
    ['a service for anybody', 'names no source', set('Permission', 'SourceArn')],
  ),
  ...on(
    'build',
    'Build',
    [
      'a secret variable',
      'GITHUB_TOKEN',
      set('Build', 'Environment.EnvironmentVariables', [{ Name: 'GITHUB_TOKEN', Value: 'x' }]),
    ],
    ['an AWS managed key', 'no customer key', set('Build', 'EncryptionKey')],
  ),
];
