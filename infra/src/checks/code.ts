// SPDX-License-Identifier: Apache-2.0
import { type Check, many, onTypes } from './check.ts';

const functions: Check = {
  id: 'function-code',
  refuses:
    'Functions with inline code, a container image, a layer, or code that is not pinned to a version of an object; without a code-signing configuration, where the deployment signs.',
  because:
    'Only a zip in a versioned bucket can be signed, and only its version says which one it was (Lambda Developer Guide, "Using code signing to verify code integrity").',
  find: onTypes(['AWS::Lambda::Function'], function* judge(properties, _placed, { config }) {
    const code = properties.Code as Record<string, unknown> | undefined;
    for (const member of Object.keys(code ?? {})) {
      if (!['S3Bucket', 'S3Key', 'S3ObjectVersion'].includes(member)) yield `code by ${member}`;
    }
    for (const member of ['S3Bucket', 'S3Key', 'S3ObjectVersion']) {
      if (typeof code?.[member] !== 'string') yield `code without ${member} as plain text`;
    }
    if (properties.PackageType === 'Image') yield 'code is a container image';
    if (many(properties.Layers).length > 0) yield 'has layers';
    if (config.features.codeSigning && properties.CodeSigningConfigArn === undefined) {
      yield 'no code-signing configuration';
    }
  }),
};

const signing: Check = {
  id: 'code-signing',
  refuses: 'Code-signing configurations that only warn.',
  because: 'The default is Warn: an unsigned function would run, and a log line say so.',
  find: onTypes(['AWS::Lambda::CodeSigningConfig'], function* judge({ CodeSigningPolicies }) {
    const policies = CodeSigningPolicies as Record<string, unknown> | undefined;
    if (policies?.UntrustedArtifactOnDeployment !== 'Enforce') yield 'does not enforce';
  }),
};

/** Stages whose functions are invoked without waiting for an answer: a schedule does so. */
const INVOKED_LATER: ReadonlySet<string> = new Set(['canary']);

const invocation: Check = {
  id: 'invocation',
  refuses:
    'Invocation settings outside the canaries’ stack, or with a destination; permissions to invoke for everybody, for a function URL, or for a service without saying on whose behalf.',
  because:
    'A destination is a copy of what a function was asked and answered, sent elsewhere. A service that may invoke for anybody is a confused deputy.',
  *find(subject) {
    yield* onTypes(['AWS::Lambda::EventInvokeConfig'], function* judge(properties, _placed, { stage }) {
      if (!INVOKED_LATER.has(stage)) yield 'no function of this stage is invoked without waiting';
      if (properties.DestinationConfig !== undefined) yield 'has a destination';
    })(subject);
    yield* onTypes(['AWS::Lambda::Permission'], function* judge(properties) {
      if (properties.Principal === '*') yield 'everybody may invoke';
      if (properties.FunctionUrlAuthType !== undefined) yield 'is for a function URL';
      if (properties.Action !== 'lambda:InvokeFunction') yield `gives ${String(properties.Action)}`;
      if (properties.SourceArn === undefined && properties.SourceAccount === undefined) {
        yield 'names no source';
      }
    })(subject);
  },
};

const builds: Check = {
  id: 'build',
  refuses:
    'Builds in privileged mode that say nothing of it, or with secrets as plain environment variables.',
  because: 'What a build’s environment has as plain text, its log and its console have as well.',
  find: onTypes(['AWS::CodeBuild::Project'], function* judge({ Environment, EncryptionKey }) {
    const { EnvironmentVariables } = (Environment ?? {}) as Record<string, unknown>;
    for (const variable of many(EnvironmentVariables) as readonly Record<string, unknown>[]) {
      if (/(SECRET|PASSWORD|TOKEN|PRIVATE|CREDENTIAL)/i.test(String(variable.Name))) {
        yield `environment variable ${String(variable.Name)}`;
      }
    }
    if (EncryptionKey === undefined) yield 'no customer key';
  }),
};

export const CODE_CHECKS: readonly Check[] = [functions, signing, invocation, builds];
