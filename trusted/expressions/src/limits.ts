// SPDX-License-Identifier: Apache-2.0

/** Of one expression and its result; time is the pool's business, since only another thread can enforce it. */
export const LIMITS = {
  /** Bytes of UTF-8. */
  sourceBytes: 10 * 1024,
  /** Literals, names, operators and brackets. Parsing takes some 10 microseconds for each, and nothing else runs meanwhile. */
  tokens: 2048,
  /** Nested brackets, and conditionals. CEL asks of an implementation for at least 12. */
  depth: 64,
  /** Levels of the syntax tree. CEL asks for chains of 32 operators; each macro takes a few levels. */
  treeDepth: 512,
  /** White space in a row. */
  blanks: 128,
  /** Characters of the JSON text of a result. */
  resultLength: 64 * 1024,
  /** Nested lists and maps of a result. */
  resultDepth: 32,
} as const;
