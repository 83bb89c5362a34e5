// SPDX-License-Identifier: Apache-2.0
import { integer, type Rule, type Setting, text } from '@enclave-vault/settings';

/** Of processes, how many may share a port. */
const MOST = 64;

/** Several processes of the API at one port. */
export const CLUSTER_SETTINGS = [
  {
    path: 'cluster.member',
    env: 'ENCLAVE_VAULT_CLUSTER_MEMBER',
    doc: 'Number of this process among several that share the port (SO_REUSEPORT, Linux) and the store. Server only.',
    read: integer(1, MOST),
    optional: true,
  },
  {
    path: 'cluster.size',
    env: 'ENCLAVE_VAULT_CLUSTER_SIZE',
    doc: 'How many they are. Items of batches and evaluations at the enclaves, connections to the parent, and a caller’s decryptions in an hour are divided by it. Server only.',
    read: integer(1, MOST),
    optional: true,
  },
  {
    path: 'cluster.folder',
    env: 'ENCLAVE_VAULT_CLUSTER_FOLDER',
    doc: 'Folder, of this user alone (mode 0700), of the sockets by which those processes show each other’s figures at `/metrics`. Server only.',
    read: text('the path of a folder', /\/.{1,90}/),
    optional: true,
  },
] as const satisfies readonly Setting[];

interface Cluster {
  readonly cluster: {
    readonly member?: number | undefined;
    readonly size?: number | undefined;
    readonly folder?: string | undefined;
  };
}

export const CLUSTER_RULES: readonly Rule<Cluster>[] = [
  {
    settings: ['cluster.member', 'cluster.size', 'cluster.folder'],
    doc: '`cluster` has `member`, `size` and `folder`, or nothing',
    broken: ({ cluster: { member, size, folder } }) =>
      new Set([member, size, folder].map((one) => one === undefined)).size > 1,
  },
  {
    settings: ['cluster.member', 'cluster.size'],
    doc: '`cluster.member` is no more than `cluster.size`',
    broken: ({ cluster: { member = 1, size = member } }) => member > size,
  },
];
