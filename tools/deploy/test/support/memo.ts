// SPDX-License-Identifier: Apache-2.0
import type { Known, Stage, Template } from '@enclave-vault/infra';

type Synthesize = (stage: Stage, known: Known) => Template;

/**
 * Templates are pure functions of what is known, and take a second each: one of the same inputs is made once. A stage
 * that is put together anew each time is made anew each time.
 */
export function memoized(synthesize: Synthesize): Synthesize {
  const made = new WeakMap<Stage, Map<string, Template>>();
  return (stage, known) => {
    const { config, outputs, measurements, release } = known;
    // A function that has no zip yet throws when it is read.
    const { functions, ...files } = release ?? { functions: {} };
    const placed = Object.entries(Object.getOwnPropertyDescriptors(functions)).map(
      ([name, { value }]): readonly [string, unknown] => [name, value],
    );
    const inputs = [config, [...outputs], measurements, files, placed];
    const key = JSON.stringify(inputs);
    const known_ = made.get(stage) ?? new Map<string, Template>();
    made.set(stage, known_);
    const template = known_.get(key) ?? synthesize(stage, known);
    known_.set(key, template);
    return template;
  };
}
