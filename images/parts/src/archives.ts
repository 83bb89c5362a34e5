// SPDX-License-Identifier: Apache-2.0
import { ImageError } from './errors.ts';

/** What an archive holds under a name: contents, or where a link leads. */
export type Member = { readonly data: Buffer } | { readonly link: string };

const BLOCK = 512;

/**
 * Files and links of a tar archive by path, without a leading `./`: as much of the format as Debian's and npm's packages use
 * (ustar, GNU long names, pax paths). Contents are views of the archive.
 *
 * @throws ImageError `input_malformed`
 */
export function readTar(archive: Buffer): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  let longName: string | null = null;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((octet) => octet === 0)) break;
    const size = Number.parseInt(text(header, 124, 12), 8);
    if (!Number.isSafeInteger(size) || size < 0 || at + BLOCK + size > archive.length) throw malformed('tar');
    const data = archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = text(header, 156, 1);
    if (type === 'L') longName = text(data, 0, size);
    else if (type === 'x') longName = paxPath(data) ?? longName;
    else {
      const prefix = text(header, 257, 6).startsWith('ustar') ? text(header, 345, 155).trim() : '';
      const short = text(header, 0, 100);
      const name =
        longName ?? (prefix === '' || text(header, 257, 8) === 'ustar  ' ? short : `${prefix}/${short}`);
      longName = null;
      if (type === '0' || type === '') members.set(plain(name), { data });
      else if (type === '1' || type === '2') members.set(plain(name), { link: text(header, 157, 100) });
    }
  }
  return members;
}

/** Members of an ar archive, as .deb packages are (deb(5)), by name. @throws ImageError `input_malformed` */
export function readAr(archive: Buffer): ReadonlyMap<string, Buffer> {
  if (archive.toString('latin1', 0, 8) !== '!<arch>\n') throw malformed('ar');
  const members = new Map<string, Buffer>();
  for (let at = 8; at + 60 <= archive.length; ) {
    const size = Number.parseInt(text(archive.subarray(at, at + 60), 48, 10), 10);
    if (!Number.isSafeInteger(size) || size < 0 || at + 60 + size > archive.length) throw malformed('ar');
    const name = text(archive.subarray(at, at + 60), 0, 16)
      .trim()
      .replace(/\/$/, '');
    members.set(name, archive.subarray(at + 60, at + 60 + size));
    at += 60 + size + (size % 2);
  }
  return members;
}

/** A pax header's records: "LENGTH KEY=VALUE\n" (IEEE 1003.1, pax). */
function paxPath(data: Buffer): string | null {
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = Number.parseInt(data.toString('latin1', at, space), 10);
    if (!(length > 0)) throw malformed('pax');
    const record = data.toString('utf8', space + 1, at + length - 1);
    if (record.startsWith('path=')) return record.slice(5);
    at += length;
  }
  return null;
}

function text(bytes: Buffer, offset: number, length: number): string {
  const field = bytes.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}

const plain = (name: string): string => name.replace(/^(?:\.?\/)+/, '').replace(/\/$/, '');

function malformed(format: string): ImageError {
  return new ImageError('input_malformed', `an input is no ${format} archive that can be read`);
}
