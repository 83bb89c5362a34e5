// SPDX-License-Identifier: Apache-2.0
import { InfraError } from '../errors.ts';

/** What differs between partitions of AWS that names are made of. Held against the AWS SDK's own table by a test. */
const PARTITIONS: ReadonlyMap<string, { readonly suffix: string; readonly regions: RegExp }> = new Map([
  ['aws', { suffix: 'amazonaws.com', regions: /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/ }],
  ['aws-cn', { suffix: 'amazonaws.com.cn', regions: /^cn-[a-z]+-\d+$/ }],
  ['aws-us-gov', { suffix: 'amazonaws.com', regions: /^us-gov-[a-z]+-\d+$/ }],
]);

/**
 * What names of services end in.
 * @throws {InfraError} `unsupported_partition`: names that are guessed would be names that nobody may ask for
 */
export function dnsSuffix(partition: string): string {
  const found = PARTITIONS.get(partition);
  if (found === undefined) throw new InfraError('unsupported_partition', `${partition} is not known`);
  return found.suffix;
}

export const PARTITION_RULES = [
  {
    settings: ['partition', 'region'],
    doc: `\`partition\` is one of ${[...PARTITIONS.keys()].join(', ')}, and \`region\` lies in it`,
    broken: ({ partition, region }: { readonly partition: string; readonly region: string }): boolean =>
      PARTITIONS.get(partition)?.regions.test(region) !== true,
  },
];
