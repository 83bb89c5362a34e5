// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { allow } from '../identities.ts';
import type { Home, Statement } from '../types.ts';

/** Services that may be allowed to invoke a function of ours. */
export const INVOKERS = ['apigateway.amazonaws.com', 'events.amazonaws.com'] as const;

/**
 * Functions, and what their code must be signed by. What loosens that is denied by the boundary (boundaries/deployment.ts).
 * @param signed whether functions must have a code signing configuration
 */
export function functionGrants(home: Home, signed: boolean): Statement[] {
  const functions = arnIn(home, 'lambda', `function:${home.name}-*`);
  const configs = arnIn(home, 'lambda', 'code-signing-config:*');
  return [
    // Lambda refuses a function without the configuration where the condition names one (Lambda Developer Guide,
    // "Configuring IAM policies for Lambda code signing configurations").
    allow(
      'CreateFunctions',
      'lambda:CreateFunction',
      functions,
      signed ? { ArnLike: { 'lambda:CodeSigningConfigArn': configs } } : undefined,
    ),
    allow('LetServicesInvoke', 'lambda:AddPermission', functions, {
      StringEquals: { 'lambda:Principal': INVOKERS },
    }),
    allow(
      'Functions',
      [
        'lambda:CreateAlias',
        'lambda:DeleteAlias',
        'lambda:DeleteFunction',
        'lambda:DeleteFunctionConcurrency',
        'lambda:DeleteFunctionEventInvokeConfig',
        'lambda:GetAlias',
        'lambda:GetFunction',
        'lambda:GetFunctionCodeSigningConfig',
        'lambda:GetFunctionConfiguration',
        'lambda:GetFunctionEventInvokeConfig',
        'lambda:GetFunctionRecursionConfig',
        'lambda:GetPolicy',
        'lambda:GetProvisionedConcurrencyConfig',
        'lambda:GetRuntimeManagementConfig',
        'lambda:ListTags',
        'lambda:ListVersionsByFunction',
        'lambda:PublishVersion',
        'lambda:PutFunctionConcurrency',
        'lambda:PutFunctionEventInvokeConfig',
        'lambda:PutProvisionedConcurrencyConfig',
        'lambda:RemovePermission',
        'lambda:TagResource',
        'lambda:UntagResource',
        'lambda:UpdateAlias',
        'lambda:UpdateFunctionCode',
        'lambda:UpdateFunctionConfiguration',
        'lambda:UpdateFunctionEventInvokeConfig',
      ],
      functions,
    ),
    // A configuration in use cannot be deleted (Lambda API Reference, DeleteCodeSigningConfig): only `destroy` does.
    allow(
      'CodeSigning',
      [
        'lambda:DeleteCodeSigningConfig',
        'lambda:GetCodeSigningConfig',
        'lambda:ListTags',
        'lambda:TagResource',
        'lambda:UntagResource',
      ],
      configs,
    ),
    // On nothing that has a name yet, and changing nothing that is there.
    allow('CreateCodeSigning', ['lambda:CreateCodeSigningConfig', 'signer:PutSigningProfile'], '*'),
    // A profile takes the name that CloudFormation gives it. One that is cancelled signs nothing more, and opens nothing.
    allow(
      'SigningProfile',
      [
        'signer:CancelSigningProfile',
        'signer:GetSigningProfile',
        'signer:ListTagsForResource',
        'signer:TagResource',
        'signer:UntagResource',
      ],
      arnIn(home, 'signer', '/signing-profiles/*'),
    ),
  ];
}
