// SPDX-License-Identifier: Apache-2.0
import { type LocalVault, run } from './local-vault.ts';

/** The first key of another tenant in a running vault, made as its operator makes it: by the command for it. No request can. */
export async function bootstrapTenant({ data }: LocalVault, tenant: string): Promise<string> {
  const { code, out, err } = await run(['tenants', 'create', tenant, '--data', data]);
  if (code !== 0) throw new Error(err);
  return (JSON.parse(out) as { token: string }).token;
}
