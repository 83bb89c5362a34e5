// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import { DynamoDBClient, GetResourcePolicyCommand } from '@aws-sdk/client-dynamodb';
import { GetKeyPolicyCommand, KMSClient, ListGrantsCommand } from '@aws-sdk/client-kms';
import { regionOf } from '@enclave-vault/settings';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Look } from './compare.ts';
import type { CanaryConfig } from './settings.ts';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What is compared, when all of it is there (`CANARY` demands all or none). */
export interface Places {
  readonly keys: { readonly vault: string; readonly request: string; readonly integrity: string };
  /** ARN. */
  readonly table: string;
}

/** A second page of grants says no more than the first: one is too many. */
const GRANTS = 50;

/**
 * Looks at policies and grants by the services' own words, one attempt each. Both are read consistently: what KMS and
 * DynamoDB enforce may follow within seconds.
 * @param credentials by default the environment's, as Lambda gives them
 */
export function awsLook(
  { keys, table }: Places,
  { kms }: Pick<CanaryConfig, 'kms'>,
  credentials?: Credentials,
): Look {
  const common = {
    maxAttempts: 1,
    useFipsEndpoint: kms.fips,
    ...(credentials === undefined ? {} : { credentials }),
  };
  const keyService = new KMSClient({
    ...common,
    region: regionOf(keys.vault),
    ...(kms.endpoint === undefined ? {} : { endpoint: kms.endpoint }),
    requestHandler: handlerOf(kms.ca),
  });
  const tableService = new DynamoDBClient({
    ...common,
    region: regionOf(table),
    requestHandler: handlerOf(undefined),
  });
  return {
    policy: async (of, abortSignal) => {
      if (of === 'table') {
        const { Policy } = await tableService.send(new GetResourcePolicyCommand({ ResourceArn: table }), {
          abortSignal,
        });
        return Policy ?? '';
      }
      const { Policy } = await keyService.send(
        new GetKeyPolicyCommand({ KeyId: keys[of], PolicyName: 'default' }),
        { abortSignal },
      );
      return Policy ?? '';
    },
    grants: async (key, abortSignal) => {
      const { Grants = [] } = await keyService.send(
        new ListGrantsCommand({ KeyId: keys[key], Limit: GRANTS }),
        { abortSignal },
      );
      return Grants;
    },
  };
}

/** Lambda freezes it for a minute between runs: a connection that was kept may be gone, which the one attempt would find out. */
function handlerOf(ca: string | undefined): NodeHttpHandler {
  return new NodeHttpHandler({
    httpsAgent: new Agent({ keepAlive: false, ...(ca === undefined ? {} : { ca }) }),
  });
}
