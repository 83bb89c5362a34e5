// SPDX-License-Identifier: Apache-2.0
import { type CertificateProfile, type Extension, nameConstraints } from '@enclave-vault/x509';

/** The parent is the channel's server, the API its client. */
export type Side = 'server' | 'client';

/** The name of every parent, which stands in its certificate and in no DNS. */
export const SERVER_NAME = 'parent.enclave-vault.internal';

/** The name of the API in its certificate. */
export const CLIENT_URI = 'spiffe://enclave-vault.internal/api';

interface SideNames {
  readonly root: string;
  readonly leaf: string;
  readonly purpose: 'serverAuth' | 'clientAuth';
  /** OID of the purpose. */
  readonly purposeOid: string;
  readonly san: NonNullable<CertificateProfile['san']>;
  /** How Node prints that SAN. */
  readonly sanText: string;
  readonly constraints: Extension;
}

/** What certificates of each side say. A deployment's roots are its own, so names need not tell deployments apart. */
export const SIDES: Readonly<Record<Side, SideNames>> = {
  server: {
    root: 'enclave-vault channel server root',
    leaf: 'enclave-vault parent',
    purpose: 'serverAuth',
    purposeOid: '1.3.6.1.5.5.7.3.1',
    san: { dns: [SERVER_NAME] },
    sanText: `DNS:${SERVER_NAME}`,
    constraints: nameConstraints({ dns: [SERVER_NAME] }),
  },
  client: {
    root: 'enclave-vault channel client root',
    leaf: 'enclave-vault api',
    purpose: 'clientAuth',
    purposeOid: '1.3.6.1.5.5.7.3.2',
    san: { uri: [CLIENT_URI] },
    sanText: `URI:${CLIENT_URI}`,
    constraints: nameConstraints({ uriHost: ['enclave-vault.internal'] }),
  },
};
