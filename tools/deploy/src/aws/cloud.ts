// SPDX-License-Identifier: Apache-2.0
import type { Cloud, Stacks } from '../ports.ts';
import { awsAccount } from './account.ts';
import { awsFunctions, awsKeys } from './functions.ts';
import { awsMachines } from './machines.ts';
import { awsNetwork } from './network.ts';
import { awsObjects } from './objects.ts';
import { awsSigning } from './signing.ts';
import { awsStacks } from './stacks.ts';

/** An account as the AWS SDK reaches it: credentials and, where set, endpoints are those of the AWS environment. */
export function awsCloud(place: {
  readonly region: string;
  readonly partition: string;
  readonly account: string;
}): Cloud {
  const { region } = place;
  const regions = new Map<string, Stacks>();
  return {
    stacks: (of) => {
      const known = regions.get(of) ?? awsStacks(of);
      regions.set(of, known);
      return known;
    },
    objects: awsObjects(place),
    signing: awsSigning(region),
    machines: awsMachines(region),
    account: awsAccount(region),
    network: awsNetwork(region),
    functions: awsFunctions(region),
    keys: awsKeys(region),
  };
}
