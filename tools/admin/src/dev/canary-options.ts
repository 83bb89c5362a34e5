// SPDX-License-Identifier: Apache-2.0
import { isWebhookUrl, MIN_SECRET_CHARACTERS } from '@enclave-vault/canary/alarm';

export interface CanaryOptions {
  /** 0: none. */
  readonly intervalSeconds: number;
  readonly webhook: { readonly url: string; readonly secret: string } | undefined;
}

/** Where alarms are sent, and what signs them: a secret is in no argument. @param problems gets what is wrong */
export function webhookOf(
  url: string | undefined,
  { ENCLAVE_VAULT_CANARY_WEBHOOK_SECRET: secret = '' }: NodeJS.ProcessEnv,
  problems: string[],
): CanaryOptions['webhook'] {
  if (url === undefined) return undefined;
  if (!isWebhookUrl(url)) problems.push('--canary-webhook takes an https URL, or http to this machine');
  if (secret.length < MIN_SECRET_CHARACTERS)
    problems.push(
      `--canary-webhook needs ENCLAVE_VAULT_CANARY_WEBHOOK_SECRET, ${MIN_SECRET_CHARACTERS} characters or more`,
    );
  return { url, secret };
}
