// SPDX-License-Identifier: Apache-2.0
/** What is published of others' speed, by themselves or by third parties: the figures as they say them. None was measured here, and none of them is of this design. */
import { DATABASE_SDK, databaseSdkFigure, errorBars } from './database-sdk.ts';

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
    figure: databaseSdkFigure(),
    circumstances: `a library in the application’s process, by the shape of the item; a pull request’s benchmark, ${DATABASE_SDK.runs} runs each, ${errorBars()}.`,
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
    figure: '60,000 requests a second over 300 million rows',
    circumstances:
      'a fleet of containers on PostgreSQL with a cache; the number of machines is not said beside the figure; no enclave',
    source: 'Piiano Vault architecture',
    url: 'https://piiano.com/blog/piiano-vault-architecture',
    asOf: 'read 2026',
  },
  {
    who: 'Piiano Vault, as it comes',
    figure: 'under 10 ms on average at tens of requests a second',
    circumstances: 'hundreds of thousands of records; hosted or on one’s own machines; no enclave',
    source: 'Piiano, “Configure Piiano Vault for performance in large-scale systems”',
    url: 'https://docs.piiano.com/guides/configure/scale',
    asOf: 'read 2026',
  },
  {
    who: 'Databunker Pro',
    figure:
      'reads in 14 ms (median) and 16 ms (p99) at 10 million records, some 660 reads a second an instance; 5,800 writes a second',
    circumstances:
      'user profiles of 120 fields, a run of its makers; the server opens records in its own process; no enclave',
    source: 'Databunker Pro, “Performance & benchmarks”',
    url: 'https://docs.databunker.org/pro/get-started/performance.md',
    asOf: 'read 2026',
  },
  {
    who: 'HashiCorp Vault, transit engine',
    figure:
      '1,300 workers, 1.632 s for an answer on average and 5.5 s at p99, the most that setup took (with more workers requests failed): about 800 operations a second, as reckoned here',
    circumstances:
      'measured by a third party, Edgeless Systems, on AKS, in runs of 10 s: a quarter each of encrypting, decrypting, signing and verifying; five replicas, one active and four standby; one symmetric key encrypts many values',
    source: 'Edgeless Systems, Constellation: application benchmarks',
    url: 'https://docs.edgeless.systems/constellation/overview/performance/application',
    asOf: 'runs of August 2023',
  },
  {
    who: 'Evervault',
    figure:
      'none in requests a second or ms that we found; it tells how batches of 100 encryptions slowed its enclaves, and what mended that',
    circumstances: 'opens values in Nitro Enclaves, like this vault and the AWS sample',
    source: 'Evervault, “Optimizing our Encryption Engine”',
    url: 'https://evervault.com/blog/optimizing-our-encryption-engine',
    asOf: 'May 2023',
  },
  {
    who: 'Skyflow',
    figure: 'none found',
    circumstances: 'a hosted service',
    source: 'its documentation',
    url: 'https://docs.skyflow.com',
    asOf: 'read 2026',
  },
  {
    who: 'Basis Theory',
    figure: 'none found',
    circumstances: 'a hosted service',
    source: 'its documentation',
    url: 'https://developers.basistheory.com/docs/api/proxies',
    asOf: 'read 2026',
  },
];

/** What peers do and this vault does not. */
export const LACKING: readonly string[] = [
  '- **A search for equal values.** Piiano, Basis Theory, Databunker and the AWS Database Encryption SDK find records by an encrypted value, Skyflow and HashiCorp Vault in part. Here a record is found by its id alone: keep the ids where you look people up.',
  '- **Values sealed anew under another key.** HashiCorp Vault rewraps what it encrypted when its key is rotated; Evervault, Piiano and Databunker do so in part. Here KMS rotates the key that wraps, each year, and a record keeps its key pair for as long as it is there: another pair takes another record.',
  '- **No plaintext before the one who wants it.** With the AWS Database Encryption SDK the application itself seals and opens. Here the API sees what is written through it, and each result that is asked for.',
];
