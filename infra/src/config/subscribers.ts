// SPDX-License-Identifier: Apache-2.0
import { listOf, type Setting, text } from '@enclave-vault/settings';

export const SUBSCRIBER_SETTINGS = [
  {
    path: 'watch.subscribers',
    env: 'ENCLAVE_VAULT_DEPLOY_WATCH_SUBSCRIBERS',
    doc: 'Who hears alarms. Each address confirms once, by the link that it is sent.',
    read: listOf(
      text('mailto:ADDRESS or https://…', /mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s/]+(\/\S*)?/),
      0,
      50,
    ),
    default: [],
  },
] as const satisfies readonly Setting[];
