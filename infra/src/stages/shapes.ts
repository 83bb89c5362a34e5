// SPDX-License-Identifier: Apache-2.0
import type { OutputSpec } from '../outputs.ts';

/**
 * ARN of a KMS key.
 * @param digit of the example. @param kind `mrk`: of a multi-Region key. @param where Region, unless the deployment's own
 */
export function keyArnOutput(digit: string, kind: 'single' | 'mrk' = 'single', where?: string) {
  const hex = (length: number): string => digit.repeat(length);
  const id = kind === 'mrk' ? `mrk-${hex(32)}` : `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  return {
    matching:
      /arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})/,
    example: ({ partition, region, account }) =>
      `arn:${partition}:kms:${where ?? region}:${account}:key/${id}`,
  } satisfies OutputSpec;
}

export function topicArnOutput() {
  return {
    matching: /arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+/,
    example: ({ partition, region, account, name }) =>
      `arn:${partition}:sns:${region}:${account}:${name}-alarms`,
  } satisfies OutputSpec;
}

export function lambdaCodeSigningArnOutput() {
  return {
    matching: /none|arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:code-signing-config:csc-[a-z0-9]{17}/,
    example: ({ partition, region, account, features }) =>
      features.codeSigning
        ? `arn:${partition}:lambda:${region}:${account}:code-signing-config:csc-0123456789abcdef0`
        : 'none',
  } satisfies OutputSpec;
}

export function signingProfileArnOutput() {
  return {
    matching:
      /none|arn:aws[a-z-]*:signer:[a-z0-9-]+:\d{12}:\/signing-profiles\/[A-Za-z0-9_]+\/[A-Za-z0-9]{10}/,
    example: ({ partition, region, account, name, features }) =>
      features.codeSigning
        ? `arn:${partition}:signer:${region}:${account}:/signing-profiles/${name.replaceAll('-', '_')}_code/0123456789`
        : 'none',
  } satisfies OutputSpec;
}
