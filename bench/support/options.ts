// SPDX-License-Identifier: Apache-2.0
import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/** Says what is wrong with the words of a measurement, or that its usage was asked for; 2 is the exit code of the first. */
export class Usage extends Error {
  readonly exitCode: 0 | 2;

  constructor(message: string, exitCode: 0 | 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** `node bench/NAME.ts [--json JSON] [--turns 100] [--batch]`: what each option stands at shows what it takes. */
export function usageOf(script: string, options: Options): string {
  const words = Object.entries(options).map(([name, { type, default: preset }]) => {
    const takes = type === 'boolean' ? '' : ` ${preset === undefined ? name.toUpperCase() : String(preset)}`;
    return `[--${name}${takes}]`;
  });
  return ['usage:', `node bench/${script}.ts`, ...words, '  (bench/README.md)'].join(' ');
}

/** @throws {Usage} for `--help`, and for what is no option of this measurement */
export function parseOptions<const T extends Options>(
  script: string,
  options: T,
  args: readonly string[],
): Values<T> {
  if (args.includes('--help') || args.includes('-h')) throw new Usage(usageOf(script, options), 0);
  try {
    return parseArgs({ options, args: [...args] }).values;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'the options cannot be read';
    throw new Usage(`${why}\n${usageOf(script, options)}`, 2);
  }
}

/** The options of a measurement that is a script: says how it is used and ends where they are none. */
export function optionsOf<const T extends Options>(script: string, options: T): Values<T> {
  return orUsage(() => parseOptions(script, options, process.argv.slice(2)));
}

/** Ends with a clear line and exit code 2 where a value is none that the measurement takes. */
export function demand(holds: boolean, problem: string): asserts holds {
  orUsage(() => {
    if (!holds) throw new Usage(problem, 2);
  });
}

function orUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    console.error(error.message);
    process.exit(error.exitCode);
  }
}
