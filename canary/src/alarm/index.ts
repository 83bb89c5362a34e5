// SPDX-License-Identifier: Apache-2.0
/** What becomes of readings on one machine: a watch that misses silence too, figures, and a webhook. On AWS CloudWatch is all three. */
export { figuresOf, NO_FIGURES } from './figures.ts';
export { type Alarm, CanaryWatch, type PlacedReading, type PlaceRuns, STATES, type State } from './watch.ts';
export {
  isWebhookUrl,
  MIN_SECRET_CHARACTERS,
  SIGNATURE_HEADER,
  signed,
  TIMESTAMP_HEADER,
  Webhook,
  type WebhookOptions,
} from './webhook.ts';
