// SPDX-License-Identifier: Apache-2.0

type Attributes = Record<string, Record<string, string>>;
type Members = Readonly<Record<string, unknown>>;

interface Where {
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Attributes;
}

/** An error as DynamoDB's JSON protocol has it. */
export class ServiceError extends Error {
  readonly type: string;
  readonly more: Members;
  constructor(type: string, more: Members = {}) {
    super(type);
    this.type = type;
    this.more = more;
  }
}

/**
 * One table in memory, with the expressions that host/stores writes and no others: enough to have the function's own
 * file of code run over the SDK's real requests where neither Java nor Python is. The store itself is held against
 * DynamoDB Local and moto elsewhere (tests/heavy/dynamodb.sh).
 */
export class TableStandIn {
  readonly #items = new Map<string, Attributes>();

  call(operation: string, input: Members): Members {
    switch (operation) {
      case 'GetItem': {
        const item = this.#items.get(keyOf(input.Key as Attributes));
        return item === undefined ? {} : { Item: item };
      }
      case 'Query':
        return { Items: this.#query(input) };
      case 'Scan':
        return { Items: this.#scan(input) };
      case 'TransactWriteItems':
        this.#transact(
          input.TransactItems as Record<string, Where & { Item?: Attributes; Key?: Attributes }>[],
        );
        return {};
      default:
        throw new ServiceError('UnknownOperationException');
    }
  }

  #query(input: Members): Attributes[] {
    const values = input.ExpressionAttributeValues as Attributes;
    const [pk, after, before] = [':p', ':a', ':b'].map((name) => values[name]?.S);
    const between = String(input.KeyConditionExpression).includes('BETWEEN');
    const found = this.#sorted().filter(({ pk: own, sk }) => {
      const at = sk?.S ?? '';
      if (own?.S !== pk) return false;
      if (between) return at >= (after ?? '') && at <= (before ?? '');
      return (after === undefined || at > after) && (before === undefined || at < before);
    });
    return (input.ScanIndexForward === false ? found.reverse() : found).slice(0, Number(input.Limit));
  }

  #scan(input: Members): Attributes[] {
    const prefix = (input.ExpressionAttributeValues as Attributes | undefined)?.[':p']?.S ?? '';
    return this.#sorted().filter(({ pk }) => pk?.S?.startsWith(prefix));
  }

  #transact(operations: Record<string, Where & { Item?: Attributes; Key?: Attributes }>[]): void {
    const writes = operations.flatMap((operation) => Object.entries(operation));
    const reasons = writes.map(([, { Item, Key, ...where }]) => {
      const holds = meets(this.#items.get(keyOf(Item ?? Key ?? {})), where);
      return holds
        ? { Code: 'None' }
        : { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' };
    });
    if (reasons.some(({ Code }) => Code !== 'None')) {
      throw new ServiceError('TransactionCanceledException', { CancellationReasons: reasons });
    }
    for (const [kind, { Item, Key }] of writes) {
      if (kind === 'Put' && Item !== undefined) this.#items.set(keyOf(Item), Item);
      if (kind === 'Delete' && Key !== undefined) this.#items.delete(keyOf(Key));
    }
  }

  #sorted(): Attributes[] {
    return [...this.#items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  }
}

function keyOf({ pk, sk }: Attributes): string {
  return `${pk?.S}\0${sk?.S}`;
}

function meets(item: Attributes | undefined, where: Where): boolean {
  const { ConditionExpression: text, ExpressionAttributeNames: names = {} } = where;
  if (text === undefined) return true;
  return text.split(' AND ').every((part) => {
    if (part === 'attribute_not_exists(#k)') return item === undefined;
    if (part === 'attribute_exists(#k)') return item !== undefined;
    const [, name = '', value = ''] = /^(#n\d+) = (:v\d+)$/.exec(part) ?? [];
    if (name === '') throw new ServiceError('ValidationException');
    const [found, wanted] = [item?.[names[name] ?? ''], where.ExpressionAttributeValues?.[value]];
    return found !== undefined && JSON.stringify(found) === JSON.stringify(wanted);
  });
}
