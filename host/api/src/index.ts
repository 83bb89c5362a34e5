// SPDX-License-Identifier: Apache-2.0
export { createApp } from './app.ts';
export type { ClaimMapping } from './auth/claims.ts';
export type { OidcIssuer } from './auth/oidc.ts';
export { ParentClient, type ParentHealth } from './enclave-client.ts';
export { ApiError, type ApiErrorCode, ConfigError, PROBLEMS, type ProblemCode } from './errors.ts';
export type { AppOptions, HttpTimeouts, Rate, RateLimits } from './options.ts';
