// SPDX-License-Identifier: Apache-2.0
import type { Call } from './service.ts';
import { type Members, type Read, structure } from './shapes.ts';

/** One operation of the API: how its input is read, what it does, what CloudTrail says of it. */
export interface Operation {
  /** CloudTrail's readOnly. */
  readonly readOnly: boolean;
  /** Which quota counts it. */
  readonly quota: 'symmetric' | 'keyPairs' | null;
  /** Reads a request body (parsed JSON) and gives a handler of it, and the request parameters that are logged. */
  readonly prepare: (body: unknown) => PreparedOperation;
}

export interface PreparedOperation {
  readonly logged: Readonly<Record<string, unknown>>;
  /** @returns the answer's JSON members */
  readonly run: (call: Call) => object | Promise<object>;
}

interface Definition<I> {
  readonly readOnly?: boolean;
  readonly quota?: Operation['quota'];
  /** Never plaintext, ciphertext, documents or policies. */
  readonly logged: (input: I) => Record<string, unknown>;
  readonly run: (call: Call, input: I) => object | Promise<object>;
}

/** Makes an operation from the members of its input and what is done with them. */
export function operation<M extends Members>(members: M, definition: Definition<Read<M>>): Operation {
  const { readOnly = false, quota = null, logged, run } = definition;
  const input = structure(members);
  return {
    readOnly,
    quota,
    prepare(body) {
      const read = input(body, '');
      // CloudTrail has it of every operation that takes it: what was only asked, and not done, is told from the rest.
      const dryRun = 'DryRun' in read && read.DryRun === true ? { dryRun: true } : {};
      return { logged: { ...logged(read), ...dryRun }, run: (call) => run(call, read) };
    },
  };
}
