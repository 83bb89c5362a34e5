// SPDX-License-Identifier: Apache-2.0
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type AwsPlace, clientSettings } from '../aws/settings.ts';

export interface DynamoPlace extends AwsPlace {
  readonly table: string;
  /** Called with the operation's name (`GetItem`, …) for each request that goes out, repeats included. */
  readonly onCall?: (operation: string) => void;
}

/** The deadline of a call ends it before these attempts do, in most cases. */
const ATTEMPTS = 8;
/** One attempt, ms: an answer takes some ten, and a transaction of the greatest items some hundred. */
const ATTEMPT_MS = 1_500;

/**
 * A client of one table. In adaptive mode it slows itself down when DynamoDB throttles: all that it would slow is
 * calls of the same table.
 */
export function createClient(place: DynamoPlace): DynamoDBClient {
  const { onCall } = place;
  const client = new DynamoDBClient({
    ...clientSettings(place, ATTEMPT_MS),
    retryMode: 'adaptive',
    maxAttempts: ATTEMPTS,
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
