// SPDX-License-Identifier: Apache-2.0
import { apiWorkloadPolicy, authorizerWorkloadPolicy, smokeWorkloadPolicy } from '@enclave-vault/policies';
import { dnsSuffix } from '../config/partitions.ts';
import { homeOf } from '../home.ts';
import { SETTINGS_FILE } from '../settings/api.ts';
import { defineStage, type StageContext } from '../stage.ts';
import { addAlarms } from './api/alarms.ts';
import { addFunction, type FunctionSpec, publish } from './api/function.ts';
import { addMethods, addRestApi } from './api/gateway.ts';
import { STAGE } from './api/routes.ts';
import { addServing } from './api/serving.ts';
import { addWaf } from './api/waf.ts';
import { DATA } from './data.ts';
import { KEYS } from './keys.ts';

/** The API: function, gateway, who may call it and from where. */
export const API = defineStage({
  id: 'api',
  title: 'API',
  outputs: {
    RestApiId: { matching: /[a-z0-9]{10}/, example: 'abcdefghij' },
    Url: {
      matching: /https:\/\/[a-z0-9.-]+\/[a-z0-9-]+/,
      example: ({ partition, region }) =>
        `https://abcdefghij.execute-api.${region}.${dnsSuffix(partition)}/${STAGE}`,
    },
    FunctionName: { matching: /[A-Za-z0-9_-]{1,64}/, example: ({ name }) => `${name}-api` },
    SmokeFunctionName: { matching: /[A-Za-z0-9_-]{1,64}/, example: ({ name }) => `${name}-smoke` },
  },
  build(stack, context) {
    const { config } = context;
    const { api, definition } = addRestApi(stack, context);
    const url = `https://${api.ref}.execute-api.${config.region}.${dnsSuffix(config.partition)}/${STAGE}`;

    const spec = apiFunction(context);
    const made = addFunction(stack, context, spec);
    const alias = publish(stack, context, spec, made).ref;
    const gateway = addMethods(
      stack,
      context,
      { api, definition },
      {
        alias,
        authorizer: config.api.auth === 'jwt' ? addTokenAuthorizer() : null,
      },
    );
    const stage = addServing(stack, context, gateway);
    if (config.api.waf) addWaf(stack, context, api.ref, stage);
    const smoke = addFunction(stack, context, smokeFunction(context, api.ref, url));
    addAlarms(stack, context);
    return { RestApiId: api.ref, Url: url, FunctionName: made.ref, SmokeFunctionName: smoke.ref };

    function addTokenAuthorizer(): string {
      const authorizer = authorizerFunction(context);
      return publish(stack, context, authorizer, addFunction(stack, context, authorizer)).ref;
    }
  },
});

/**
 * The function's settings, its policy of authorizers and the channel's roots lie beside its code: the deploy command puts
 * them into the archive before AWS Signer signs it, so that Lambda takes no other configuration than one signed with the
 * code. The one variable says where they are.
 */
const ENVIRONMENT = { ENCLAVE_VAULT_CONFIG: SETTINGS_FILE };

function apiFunction({ config, names, outputs }: StageContext): FunctionSpec {
  const keys = outputs(KEYS);
  const data = outputs(DATA);
  return {
    id: 'Function',
    artifact: 'api',
    name: names.apiFunction,
    role: 'api',
    description: 'The vault’s API',
    memory: config.api.memory,
    // A request has 10 s (docs/lambda.md).
    timeout: 15,
    environment: ENVIRONMENT,
    inVpc: true,
    tracing: config.features.tracing,
    reservedConcurrency: config.api.reservedConcurrency,
    rights: (resources) =>
      apiWorkloadPolicy(homeOf(config, names), {
        function: resources,
        keys: {
          vault: keys.VaultKeyArn,
          request: keys.RequestKeyArn,
          integrity: keys.IntegrityKeyArn,
          channelClient: keys.ChannelClientKeyArn,
        },
        table: data.TableArn,
        tableKey: data.KeyArn,
        auditLogGroup: data.AuditLogGroup,
      }),
  };
}

/** Outside the VPC, which has no way to an issuer's keys. It is shown tokens and nothing else. */
function authorizerFunction({ config, names }: StageContext): FunctionSpec {
  return {
    id: 'Authorizer',
    artifact: 'authorizer',
    name: names.authorizerFunction,
    role: 'authorizer',
    description: 'Verifies tokens for the vault’s API',
    memory: 512,
    timeout: 10,
    environment: ENVIRONMENT,
    inVpc: false,
    tracing: false,
    rights: (resources) => authorizerWorkloadPolicy(homeOf(config, names), resources),
  };
}

/**
 * A caller that tries the API out after a deployment, from where callers are. Through the VPC's endpoint no public API can
 * be called ("Private REST APIs in API Gateway"), so the test of one runs outside the VPC.
 */
function smokeFunction({ config, names }: StageContext, api: string, url: string): FunctionSpec {
  return {
    id: 'Smoke',
    artifact: 'smoke',
    name: names.smokeFunction,
    role: 'smoke',
    description: 'Tries the vault’s API out after a deployment',
    memory: 512,
    timeout: 180,
    environment: {
      ENCLAVE_VAULT_SMOKE_URL: url,
      ENCLAVE_VAULT_SMOKE_AUTH: config.api.auth,
      ENCLAVE_VAULT_SMOKE_FIELD: config.api.smokeField,
    },
    inVpc: config.api.exposure === 'private',
    tracing: false,
    rights: (resources) => smokeWorkloadPolicy(homeOf(config, names), resources, { api, stage: STAGE }),
  };
}
