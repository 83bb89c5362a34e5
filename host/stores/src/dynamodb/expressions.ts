// SPDX-License-Identifier: Apache-2.0
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Condition, StoreError } from '@enclave-vault/vault';
import { toAttribute } from './attributes.ts';

/** Longest expression, in bytes ("Quotas in Amazon DynamoDB": expression parameters). */
const MAX_EXPRESSION_BYTES = 4096;

/** An expression with the names and values that stand in it for others: any name may be a reserved word. */
export interface Expression {
  readonly text: string;
  readonly names: Record<string, string>;
  readonly values?: Record<string, AttributeValue>;
}

/**
 * A condition of a write. That an item is there is said of its key: an item that is not there has no attributes,
 * and a comparison with none is false.
 * @throws {StoreError} `invalid` when it compares too much
 */
export function conditionExpression(condition: Condition): Expression {
  if ('absent' in condition) return { text: 'attribute_not_exists(#k)', names: { '#k': 'pk' } };
  const names: Record<string, string> = { '#k': 'pk' };
  const values: Record<string, AttributeValue> = {};
  const parts = ['attribute_exists(#k)'];
  for (const [index, [name, value]] of Object.entries(condition.equals).entries()) {
    parts.push(`#n${index} = :v${index}`);
    names[`#n${index}`] = name;
    values[`:v${index}`] = toAttribute(value);
  }
  const text = parts.join(' AND ');
  if (text.length > MAX_EXPRESSION_BYTES)
    throw new StoreError('invalid', 'a condition of too many attributes');
  return { text, names, ...(parts.length === 1 ? {} : { values }) };
}

/**
 * The keys of one partition within bounds. A key condition has one comparison of `sk`, and BETWEEN takes its bounds
 * in: whoever reads leaves out what equals them.
 * @returns undefined when nothing can lie between the bounds
 */
export function rangeExpression(
  pk: string,
  { after = '', before }: { readonly after?: string | undefined; readonly before?: string | undefined },
): Expression | undefined {
  const names: Record<string, string> = { '#p': 'pk' };
  const values: Record<string, AttributeValue> = { ':p': { S: pk } };
  if (after === '' && before === undefined) return { text: '#p = :p', names, values };
  names['#s'] = 'sk';
  // No sort key is empty, and DynamoDB takes no empty one to compare with.
  if (after !== '') values[':a'] = { S: after };
  if (before !== undefined) values[':b'] = { S: before };
  if (before === undefined) return { text: '#p = :p AND #s > :a', names, values };
  if (before === '') return undefined;
  if (after === '') return { text: '#p = :p AND #s < :b', names, values };
  if (Buffer.compare(Buffer.from(after), Buffer.from(before)) >= 0) return undefined;
  return { text: '#p = :p AND #s BETWEEN :a AND :b', names, values };
}

/** Items whose partition key begins so. */
export function prefixExpression(prefix: string): Expression {
  return { text: 'begins_with(#p, :p)', names: { '#p': 'pk' }, values: { ':p': { S: prefix } } };
}

/** Names of attributes to read. */
export function projectionExpression(attributes: readonly string[]): Expression {
  const names = Object.fromEntries(attributes.map((name, index) => [`#a${index}`, name]));
  return { text: Object.keys(names).join(', '), names };
}
