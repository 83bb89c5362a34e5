// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { canaryIdentityPolicy, controlWorkloadPolicy, type PolicyDocument } from '@enclave-vault/policies';
import { CfnDeletionPolicy, type Stack } from 'aws-cdk-lib';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { CfnEventInvokeConfig, CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { DeployConfig } from '../../config/deploy.ts';
import { homeOf } from '../../home.ts';
import { MANIFEST_PLACE } from '../../settings/canary.ts';
import type { FunctionArtifact, StageContext } from '../../stage.ts';
import { type Suppression, suppress } from '../../suppress.ts';
import { HEALTH, STAGE } from '../api/routes.ts';
import { API } from '../api.ts';
import { ARTIFACTS } from '../artifacts.ts';
import { BASE } from '../base.ts';
import { DATA } from '../data.ts';
import { KEYS } from '../keys.ts';
import { NETWORK } from '../network.ts';
import { type CanaryPlace, functionName, idOf, titleOf } from './places.ts';

/** Its probes take 10 s at most (canary/src/handler.ts), and so do the calls of the control (host/smoke/src/control.ts). */
const TIMEOUT_S = 20;

/** The file of the release that a place runs, and its function in there. */
const CODE: Readonly<Record<CanaryPlace, { readonly artifact: FunctionArtifact; readonly handler: string }>> =
  {
    inside: { artifact: 'canary-inside', handler: 'index.handler' },
    outside: { artifact: 'canary-outside', handler: 'index.handler' },
    control: { artifact: 'smoke', handler: 'index.control' },
  };

/** The function of a canary, its log group, and what its role may do. */
export function canaryFunction(stack: Stack, context: StageContext, place: CanaryPlace): CfnFunction {
  const { config, names } = context;
  const name = functionName(names, place);
  const inVpc = isInVpc(config, place);
  const logGroup = logs(stack, context, place, name);
  const rights = new CfnRolePolicy(stack, idOf(place, 'Permissions'), {
    roleName: names.roleName(`canary-${place}`),
    policyName: 'probes',
    policyDocument: permissions(context, place, inVpc),
  });
  const { artifact, handler } = CODE[place];
  const { bucket, key, version } = context.release().functions[artifact];
  const { CodeSigningConfigArn: signing } = context.outputs(ARTIFACTS);
  const made = new CfnFunction(stack, idOf(place, 'Function'), {
    functionName: name,
    description: `${titleOf(place)}: asks each minute for what must ${place === 'control' ? 'succeed' : 'be refused'}`,
    runtime: 'nodejs24.x',
    architectures: ['arm64'],
    handler,
    code: { s3Bucket: bucket, s3Key: key, s3ObjectVersion: version },
    role: names.roleArn(`canary-${place}`),
    memorySize: 256,
    timeout: TIMEOUT_S,
    environment: { variables: place === 'control' ? controlSettings(context) : settings(context, place) },
    // Text: in JSON the runtime would wrap the report, of which metrics are made.
    loggingConfig: { logFormat: 'Text', logGroup: `/aws/lambda/${name}` },
    ...(signing === 'none' ? {} : { codeSigningConfigArn: signing }),
    ...(inVpc ? { vpcConfig: network(context) } : {}),
  });
  suppress(
    made,
    {
      rule: 'LambdaConcurrency',
      reason: 'A schedule invokes it once a minute, for seconds: there is nothing to limit.',
    },
    {
      rule: 'LambdaDLQ',
      reason: 'A run that failed is told by its silence, which sets off an alarm; its event says nothing.',
    },
    ...(inVpc ? [] : [OUTSIDE]),
  );
  // Lambda makes the network interface with the role's rights, and logs from the first run.
  made.addResourceDependency(rights);
  made.addResourceDependency(logGroup);
  new CfnEventInvokeConfig(stack, idOf(place, 'Invocations'), {
    functionName: made.ref,
    qualifier: '$LATEST',
    // A run that failed is told by its silence; the next one comes in a minute.
    maximumRetryAttempts: 0,
    maximumEventAgeInSeconds: 60,
  });
  return made;
}

/** The control is where callers are. */
function isInVpc({ api }: DeployConfig, place: CanaryPlace): boolean {
  return place === 'inside' || (place === 'control' && api.exposure === 'private');
}

function settings(context: StageContext, place: 'inside' | 'outside'): Readonly<Record<string, string>> {
  const { config, names, outputs } = context;
  const keys = outputs(KEYS);
  const legacy = probedLegacyKeys(config);
  return {
    ENCLAVE_VAULT_KEYS_VAULT: keys.VaultKeyArn,
    ENCLAVE_VAULT_KEYS_REQUEST: keys.RequestKeyArn,
    ...(legacy.length === 0 ? {} : { ENCLAVE_VAULT_KEYS_LEGACY: legacy.join(',') }),
    ...(place === 'inside'
      ? {
          ENCLAVE_VAULT_KEYS_INTEGRITY: keys.IntegrityKeyArn,
          ENCLAVE_VAULT_TABLE: outputs(DATA).TableArn,
          ENCLAVE_VAULT_MANIFEST: MANIFEST_PLACE,
        }
      : {}),
    ENCLAVE_VAULT_METRICS_NAMESPACE: names.namespace,
    ENCLAVE_VAULT_KMS_FIPS: String(config.network.fips),
    ...certificateEnd(config),
  };
}

function controlSettings({ config, names, outputs }: StageContext): Readonly<Record<string, string>> {
  return {
    ENCLAVE_VAULT_SMOKE_URL: outputs(API).Url,
    ENCLAVE_VAULT_SMOKE_AUTH: config.api.auth,
    ENCLAVE_VAULT_SMOKE_FIELD: config.api.smokeField,
    ENCLAVE_VAULT_METRICS_NAMESPACE: names.namespace,
  };
}

/** Keys of imported records that canaries probe: those that are wanted, once their policies refuse by a Deny. */
export function probedLegacyKeys({ canary, legacyKeys }: DeployConfig): readonly string[] {
  return canary.legacyKeys ? legacyKeys : [];
}

/** Known when templates are made: it stands in the certificate. */
function certificateEnd({ pipeline }: DeployConfig): Readonly<Record<string, string>> {
  const { signingCertificate } = pipeline;
  if (signingCertificate === undefined) return {};
  const { validToDate } = new X509Certificate(signingCertificate);
  return { ENCLAVE_VAULT_CERTIFICATE_ENDS: validToDate.toISOString() };
}

const OUTSIDE: Suppression = {
  rule: 'LambdaInsideVPC',
  reason:
    'Its place outside the VPC is its purpose: what it asks KMS for must be refused there; and a public API is called from there.',
};

function permissions(
  { config, names, outputs }: StageContext,
  place: CanaryPlace,
  inVpc: boolean,
): PolicyDocument {
  const { partition, region, account, api } = config;
  const home = homeOf(config, names);
  const name = functionName(names, place);
  if (place === 'control') {
    return controlWorkloadPolicy(
      home,
      { name, logGroup: `/aws/lambda/${name}`, tracing: false, inVpc },
      {
        api: outputs(API).RestApiId,
        stage: STAGE,
        paths:
          api.auth === 'jwt'
            ? [`${HEALTH.method}${HEALTH.path}`]
            : ['POST/v1/vaults', 'POST/v1/vaults/*/decrypt'],
      },
    );
  }
  const keys = outputs(KEYS);
  const [vaultKey, requestKey] = [keys.VaultKeyArn, keys.RequestKeyArn];
  return canaryIdentityPolicy(home, place, {
    vaultKey,
    requestKey,
    legacyKeys: probedLegacyKeys(config),
    ...(place === 'inside'
      ? {
          compared: {
            keys: [vaultKey, requestKey, keys.IntegrityKeyArn],
            table: outputs(DATA).TableArn,
          },
        }
      : {}),
    function: `arn:${partition}:lambda:${region}:${account}:function:${name}`,
    logGroup: `arn:${partition}:logs:${region}:${account}:log-group:/aws/lambda/${name}`,
  });
}

function logs(
  stack: Stack,
  { config, outputs }: StageContext,
  place: CanaryPlace,
  name: string,
): CfnLogGroup {
  const group = new CfnLogGroup(stack, idOf(place, 'Logs'), {
    logGroupName: `/aws/lambda/${name}`,
    kmsKeyId: outputs(BASE).LogsKeyArn,
    retentionInDays: config.canary.logDays,
  });
  // Metrics and alarm history stay when the canaries go; a group that stayed would be in the next deployment's way.
  group.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  return group;
}

function network({ outputs }: StageContext): CfnFunction.VpcConfigProperty {
  const { FunctionSubnetIds, FunctionSecurityGroupId } = outputs(NETWORK);
  return { subnetIds: [...FunctionSubnetIds], securityGroupIds: [FunctionSecurityGroupId] };
}
