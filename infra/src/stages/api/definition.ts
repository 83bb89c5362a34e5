// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Stack } from 'aws-cdk-lib';

/**
 * Collects what is handed to resources whose later change must be seen. A deployment of API Gateway and a version of a
 * function are copies made once: CloudFormation makes another only for another logical id.
 */
export class Definition {
  readonly #stack: Stack;
  readonly #parts: unknown[] = [];

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** @returns the properties as they came */
  add<P extends object>(id: string, properties: P): P {
    this.#parts.push([id, this.#stack.resolve(properties)]);
    return properties;
  }

  /** Letters and digits, for the end of a logical id. */
  hash(): string {
    return createHash('sha256').update(JSON.stringify(this.#parts)).digest('hex').slice(0, 12);
  }
}
