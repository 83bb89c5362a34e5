// SPDX-License-Identifier: Apache-2.0
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Operation } from '@enclave-vault/vault';
import { type CheckedOperation, checkOperations } from '../operations.ts';
import { toAttributes } from './attributes.ts';
import { conditionExpression } from './expressions.ts';

/**
 * The operations as TransactWriteItems has them, checked: what comes out holds copies of all bytes.
 * @throws {StoreError} `invalid`
 */
export function transactItems(table: string, operations: readonly Operation[]): TransactWriteItem[] {
  return checkOperations(operations).map((operation) => transactItem(table, operation));
}

function transactItem(TableName: string, { pk, sk, condition, item }: CheckedOperation): TransactWriteItem {
  const { text, names, values } = condition === undefined ? NO_EXPRESSION : conditionExpression(condition);
  const where = {
    TableName,
    ConditionExpression: text,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
  if (item) return { Put: { ...where, Item: toAttributes(item) } };
  const key = { ...where, Key: toAttributes({ pk, sk }) };
  return item === null ? { Delete: key } : { ConditionCheck: key };
}

const NO_EXPRESSION = { text: undefined, names: undefined, values: undefined };
