// SPDX-License-Identifier: Apache-2.0

/** In a bundle (import condition `bundled`): the one file beside it. There is nothing to look for, so nothing can be put in its way. */
export function koffiFile(): string | null {
  return `${import.meta.dirname}/koffi.node`;
}
