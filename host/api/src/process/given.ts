// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../errors.ts';

/** A setting that a rule of the role demands. @throws {ConfigError} */
export function given(value: string | undefined, name: string): string {
  if (value === undefined) throw new ConfigError(`${name} is missing`);
  return value;
}
