// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import { CodecError, type CodecErrorCode } from '../src/index.ts';

export const fromHex = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** Expects `work` to throw a CodecError of this code, and no other error. */
export function expectRefusal(code: CodecErrorCode, work: () => unknown): void {
  expect(work).toThrow(expect.objectContaining({ name: 'CodecError', code }));
}

/** The code of the CodecError that `work` throws, or null where it returns. Any other error is thrown on. */
export function codeOf(work: () => unknown): CodecErrorCode | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
}
