// SPDX-License-Identifier: Apache-2.0
export { type ChannelTarget, type ChannelTargetOptions, channelTarget } from './client.ts';
export { ChannelError, type ChannelErrorCode } from './errors.ts';
export { type ChannelIdentity, type ChannelIdentityOptions, openChannelIdentity } from './identity.ts';
export type { ChannelCredentials, SignDigest } from './leaf.ts';
export type { Log } from './log.ts';
export type { Refusal } from './refusal.ts';
export { type ChannelRoot, createChannelRoot, readChannelRoots } from './root.ts';
export { type ChannelServerOptions, createChannelServer } from './server.ts';
export { CLIENT_URI, SERVER_NAME, type Side } from './sides.ts';
