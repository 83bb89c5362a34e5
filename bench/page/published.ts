// SPDX-License-Identifier: Apache-2.0
/** What others publish of their speed: their figures, as they say them. None was measured here, and none of them is of this design. */

export interface Published {
  readonly who: string;
  readonly figure: string;
  /** On what, and what it counts, as far as it is said. */
  readonly circumstances: string;
  readonly source: string;
  readonly url: string;
  /** When it was read, or published where that is said. */
  readonly asOf: string;
}

export const PUBLISHED: readonly Published[] = [
  {
    who: 'AWS Database Encryption SDK for DynamoDB (Java)',
    figure: 'decrypts an item of 100 KB in 3.6 to 10.9 ms with a local key, 34 to 43 ms with a KMS key',
    circumstances:
      'a library in the application’s process, by the shape of the item; a pull request’s benchmark run, wide error bars',
    source: 'aws-database-encryption-sdk-dynamodb, pull request 187',
    url: 'https://github.com/aws/aws-database-encryption-sdk-dynamodb/pull/187',
    asOf: 'May 2023',
  },
  {
    who: 'AWS Encryption SDK (Python)',
    figure: 'decrypts in 3 ms where a KMS key is cached',
    circumstances: 'm5a.xlarge, one frame, one miss in 100 rounds; an open pull request',
    source: 'aws-encryption-sdk-python, pull request 275',
    url: 'https://github.com/aws/aws-encryption-sdk-python/pull/275',
    asOf: 'June 2020',
  },
  {
    who: 'Piiano Vault',
    figure:
      '60,000 requests a second over 300 million rows; by default under 10 ms on average at tens of requests a second',
    circumstances:
      'a fleet of containers on PostgreSQL with a cache; the number of machines is not said beside the figure; no enclave',
    source: 'Piiano Vault architecture; guide to configuring for scale',
    url: 'https://piiano.com/blog/piiano-vault-architecture',
    asOf: 'read 2026',
  },
  {
    who: 'Databunker',
    figure:
      'reads in 14 ms (median) and 16 ms (p99) at 10 million records, some 660 reads a second an instance; 5,800 writes a second',
    circumstances: 'the server opens records in its own process; no enclave',
    source: 'Databunker’s performance page',
    url: 'https://docs.databunker.org/pro/get-started/performance.md',
    asOf: 'read 2026',
  },
  {
    who: 'HashiCorp Vault, transit engine',
    figure:
      '1.6 s on average and 5.5 s at p99, with 1,300 workers at once, each replica as loaded as it can be',
    circumstances:
      'five replicas on a managed Kubernetes service; one symmetric key for many values, so no key pair a record',
    source: 'Edgeless Systems, Constellation: application benchmarks',
    url: 'https://docs.edgeless.systems/constellation/overview/performance/application',
    asOf: 'read 2026',
  },
  {
    who: 'Evervault',
    figure:
      'none in requests a second or ms that we found; it tells how batches of 100 encryptions slowed its enclaves, and what mended that',
    circumstances: 'the one that, like this vault, opens values in Nitro Enclaves',
    source: 'Evervault, “Optimizing our Encryption Engine”',
    url: 'https://evervault.com/blog/optimizing-our-encryption-engine',
    asOf: 'May 2023',
  },
  {
    who: 'Skyflow, Basis Theory',
    figure: 'none found',
    circumstances: 'hosted services',
    source: 'their documentation',
    url: 'https://docs.skyflow.com',
    asOf: 'read 2026',
  },
];
