// SPDX-License-Identifier: Apache-2.0
import { type ConfigurationInput, encodeConfiguration } from '@enclave-vault/protocol';
import type { ParentSettings } from './role.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The canonical bytes of the enclave's configuration. Of a file with certificates each is taken as it stands, with one line
 * end behind it: the bytes, and with them PCR16, depend on nothing else of the file.
 *
 * @throws ProtocolError `malformed` when the settings make none that an enclave would accept
 */
export function enclaveConfiguration(enclave: ParentSettings['enclave']): Buffer {
  if (enclave.configuration !== undefined) return enclave.configuration;
  const {
    region = '',
    vaultKeys = [],
    requestKeys = [],
    legacyKeys,
    tlsRoots = '',
    fips,
    rate,
    keyCache,
  } = enclave;
  const { burst, perSecond, perHour } = rate;
  const given = burst !== undefined && perSecond !== undefined && perHour !== undefined;
  return encodeConfiguration({
    region,
    kmsHost: kmsHost(region, fips),
    tlsRoots: (tlsRoots.match(CERTIFICATE) ?? []).map((pem) => `${pem.replaceAll('\r\n', '\n')}\n`),
    vaultKeyArns: vaultKeys,
    requestKeyArns: requestKeys,
    legacyKeyArns: legacyKeys,
    ...(given ? { rate: { burst, perSecond, perHour } } : {}),
    keyCache: keyCacheOf(keyCache),
  });
}

/** undefined when nothing is said of it: then the bytes are those of a program that knew none. */
function keyCacheOf({
  entries,
  ageSeconds,
  uses,
}: ParentSettings['enclave']['keyCache']): ConfigurationInput['keyCache'] {
  if (entries === undefined && ageSeconds === undefined && uses === undefined) return undefined;
  return {
    ...(entries === undefined ? {} : { entries }),
    ...(ageSeconds === undefined ? {} : { ageMs: ageSeconds * 1000 }),
    ...(uses === undefined ? {} : { uses }),
  };
}

/** The Region's endpoint (AWS General Reference, "AWS KMS endpoints and quotas"). */
function kmsHost(region: string, fips: boolean): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `${fips ? 'kms-fips' : 'kms'}.${region}.${domain}`;
}
