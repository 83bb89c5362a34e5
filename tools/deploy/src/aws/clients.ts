// SPDX-License-Identifier: Apache-2.0

/** What every client is made with. */
export interface ClientConfig {
  readonly region: string;
  readonly maxAttempts: number;
}

export function clientConfig(region: string): ClientConfig {
  // CloudFormation throttles DescribeStackEvents early, and its answers may be late by seconds.
  return { region, maxAttempts: 8 };
}

/** Made when it is first asked for: a run needs few of the SDK's packages at once, and some are large. */
export function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
