// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../errors.ts';

/**
 * Bodies come as they are. Read as if they were not encoded they would be refused as no JSON, which names another fault; and undoing a coding
 * would let a few bytes become many.
 * @throws {ApiError} `content_coding_unsupported` (415, RFC 9110 section 15.5.16), `transfer_coding_unsupported` (501, RFC 9112 section 6.1)
 */
export function refuseCodings(headers: IncomingHttpHeaders): void {
  const transfer = headers['transfer-encoding'];
  // Node refuses what does not end with `chunked`, and keeps what stands before it.
  if (transfer !== undefined && !/^chunked$/i.test(transfer.trim()))
    throw new ApiError('transfer_coding_unsupported');
  const content = headers['content-encoding'];
  // `identity` is no coding, and some clients say it (RFC 9110 section 12.5.3).
  if (content !== undefined && !/^(?:identity)?$/i.test(content.trim()))
    throw new ApiError('content_coding_unsupported');
}
