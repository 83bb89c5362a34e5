// SPDX-License-Identifier: Apache-2.0
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type AwsPlace, clientSettings } from '../aws/settings.ts';
import { adaptiveRetries } from './retries.ts';

export interface DynamoPlace extends AwsPlace {
  readonly table: string;
  /** Called with the operation's name (`GetItem`, …) for each request that goes out, repeats included. */
  readonly onCall?: (operation: string) => void;
}

/** One attempt, ms: an answer takes some ten, and a transaction of the greatest items some hundred. */
const ATTEMPT_MS = 1_500;

/** A client of one table. */
export function createClient(place: DynamoPlace): DynamoDBClient {
  const { onCall } = place;
  const client = new DynamoDBClient({
    ...clientSettings(place, ATTEMPT_MS),
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
