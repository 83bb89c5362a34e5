// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from './config/deploy.ts';
import { InfraError } from './errors.ts';

/** An output of a stack: what it looks like, and what stands for it where nothing is deployed. */
export interface OutputSpec {
  readonly matching: RegExp;
  readonly example: string | ((config: DeployConfig) => string);
  /** Several values with commas between. */
  readonly list?: true;
}

/** Outputs of a stage by name. Names are those of CloudFormation outputs: letters and digits. */
export type OutputShape = Readonly<Record<string, OutputSpec>>;

/** What a stage has put out, as plain text. */
export type OutputValues<S extends OutputShape> = {
  readonly [K in keyof S]: S[K] extends { readonly list: true } ? readonly string[] : string;
};

/**
 * Outputs of a deployed stack, as later stages take them.
 * @param given as CloudFormation's DescribeStacks lists them
 * @throws {InfraError} `output_missing`, `output_invalid`
 */
export function parseOutputs<S extends OutputShape>(
  stage: string,
  shape: S,
  given: Readonly<Record<string, string>>,
): OutputValues<S> {
  const entries = Object.entries(shape).map(([name, { matching, list }]) => {
    const value = given[name];
    if (value === undefined) throw new InfraError('output_missing', `${stage} has no output ${name}`);
    const values = list ? value.split(',') : [value];
    if (!values.every((one) => matching.exec(one)?.[0] === one)) {
      throw new InfraError('output_invalid', `output ${name} of ${stage} is not what was expected`);
    }
    return [name, list ? values : value];
  });
  return Object.fromEntries(entries) as OutputValues<S>;
}

/** Outputs that stand for real ones: for templates that are looked at and not deployed. */
export function exampleOutputs<S extends OutputShape>(shape: S, config: DeployConfig): OutputValues<S> {
  const given = Object.fromEntries(
    Object.entries(shape).map(([name, { example }]) => [
      name,
      typeof example === 'string' ? example : example(config),
    ]),
  );
  return parseOutputs('example', shape, given);
}
