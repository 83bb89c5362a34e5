// SPDX-License-Identifier: Apache-2.0

export interface BannerFacts {
  readonly url: string;
  readonly keyFile: string;
  readonly ephemeral: boolean;
  readonly dataDir: string;
  readonly isolation: readonly string[];
  readonly untrusted: readonly string[];
  readonly changes: readonly string[];
  readonly millis: number;
  readonly plainBeyondLoopback: boolean;
}

/** What a person reads when the vault is ready: where it is, what not to believe, what to try. */
export function banner(facts: BannerFacts): string {
  const { url } = facts;
  const key = `"Authorization: Bearer $(cat '${facts.keyFile}')"`;
  const json = "'Content-Type: application/json'";
  const rule = '─'.repeat(78);
  const lines = [
    rule,
    `Enclave Vault is ready: ${url}   (API reference: ${url}/v1/swagger)   ${(facts.millis / 1000).toFixed(1)} s`,
    '',
    '  !! DEVELOPMENT ROOT OF TRUST. KMS and the Nitro hypervisor are emulated on this machine,',
    '  !! and all processes share one user: this shows how the vault works and protects nothing',
    '  !! from the owner of this machine. Do not store real personal data here.',
    ...(facts.plainBeyondLoopback
      ? ['  !! Requests and API keys cross the network in the clear (--unsafe-plain-http).']
      : []),
    '',
    `  data       ${facts.dataDir}${facts.ephemeral ? ' (removed at the end)' : ''}`,
    `  enclave    isolated by ${facts.isolation.length > 0 ? facts.isolation.join(', ') : 'nothing but its process: this kernel allows no namespaces'}`,
    ...(facts.untrusted.length > 0
      ? [
          `  TRUST      the enclave differs from what is pinned, in ${facts.untrusted.join(', ')}:`,
          '             KMS will refuse it, and decryption answers 503 enclave_not_trusted.',
          '             If you changed it yourself: start it as now, once, with --accept-measurements too',
        ]
      : []),
    ...(facts.changes.length > 0
      ? [
          '  POLICY     key policies were not those of this vault, and were written back:',
          ...facts.changes.map((line) => `             ${line}`),
          '             An update of Enclave Vault does that. If it was none, somebody changed them, and may',
          '             have decrypted meanwhile: docs/canaries.md, "When one rings"',
        ]
      : []),
    '',
    'Try it:',
    '',
    `curl -s ${url}/v1/vaults -H ${key} -H ${json} \\`,
    `  -d '{"first_name":"Ada","dob":"1985-12-10","ssn9":"123456789"}'`,
    '',
    'ID=v_…        # the id that it answered',
    '',
    `curl -s "${url}/v1/vaults/$ID" -H ${key}`,
    '',
    `curl -s "${url}/v1/vaults/$ID/decrypt" -H ${key} -H ${json} \\`,
    `  -d '{"fields":["first_name"],"reason":"trying it","expressions":{"adult":"date(dob).age() >= 18"}}'`,
    '',
    `curl -s "${url}/v1/vaults/$ID/audit" -H ${key}`,
    '',
    'Ctrl-C stops it.',
    rule,
  ];
  return `${lines.join('\n')}\n`;
}
