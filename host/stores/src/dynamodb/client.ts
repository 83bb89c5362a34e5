// SPDX-License-Identifier: Apache-2.0
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type AwsPlace, clientSettings } from '../aws/settings.ts';
import { adaptiveRetries } from './retries.ts';

export interface DynamoPlace extends AwsPlace {
  readonly table: string;
  /** Called with the operation's name (`GetItem`, …) for each request that goes out, repeats included. */
  readonly onCall?: (operation: string) => void;
}

/** A whole call with all its attempts, ms. The API answers within 10 s, and a write is up to four calls. */
export const TIMEOUT_MS = 3_000;

/**
 * A client of one table. An attempt has half the time of a call, so that one which is not answered leaves time for
 * another: answers take some ten milliseconds, those to the greatest transactions some hundred.
 */
export function createClient(place: DynamoPlace): DynamoDBClient {
  const { onCall } = place;
  const client = new DynamoDBClient({
    ...clientSettings(place, (place.timeoutMs ?? TIMEOUT_MS) / 2),
    retryStrategy: adaptiveRetries(),
    // One name for firewalls and endpoint policies to allow: dynamodb.REGION.amazonaws.com, not one with the account.
    accountIdEndpointMode: 'disabled',
  });
  if (onCall !== undefined) {
    client.middlewareStack.add(
      (next, context) => (args) => {
        onCall(String(context.commandName).replace(/Command$/, ''));
        return next(args);
      },
      // After the one that repeats: called for each attempt.
      { step: 'deserialize', priority: 'low', name: 'countCalls' },
    );
  }
  return client;
}
