// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEPLOYED } from '../model/deployed.ts';

const PAGE = join(import.meta.dirname, '../../docs/enclave-image.md');

/** Of a file system of the image, MB, by architecture; and about the least memory of an enclave that it boots in, MiB. */
export interface ImageFigures {
  readonly megabytes: Readonly<Record<string, number>>;
  readonly leastMiB: number;
}

/** What docs/enclave-image.md says of the image, as `npm run image` printed it: the image takes a Debian mirror, and is not made for this page. */
export function imageFigures(text: string = readFileSync(PAGE, 'utf8')): ImageFigures | undefined {
  const names = /^\| \| (\w+) \| (\w+) \| from \|$/m.exec(text)?.slice(1) ?? [];
  const sizes = /^That is all, ([\d.]+) MB and ([\d.]+) MB\./m.exec(text)?.slice(1) ?? [];
  const least = /: (\d+) MiB are about the least/.exec(text)?.[1];
  if (names.length === 0 || sizes.length === 0 || least === undefined) return undefined;
  return {
    megabytes: Object.fromEntries(names.map((name, i) => [name, Number(sizes[i])])),
    leastMiB: Number(least),
  };
}

/** Nitro takes no less than this many times an image's size. */
const TIMES = 4;

/** What an enclave on AWS is that the local one of the tables is not. */
export function onNitro(figures: ImageFigures | undefined): string {
  return `**The enclave of these tables is a process of the local vault: its start is no boot on Nitro.** There nitro-cli loads an image and starts a kernel before the program begins, and neither is in it. ${sizes(figures)} How long a boot takes was not measured, on AWS or emulated: [\`tests/heavy/image.sh\`](enclave-image.md) boots the image's ramdisks under Debian's kernel in QEMU, and \`tests/heavy/vm.sh\` the program, parent and KMS, to see that they work, not how fast.`;
}

function sizes(figures: ImageFigures | undefined): string {
  if (figures === undefined)
    return 'How large it is, and what memory it wants, [its page](enclave-image.md) says.';
  const each = Object.entries(figures.megabytes).map(([name, megabytes]) => `${megabytes} MB for ${name}`);
  const most = Math.max(...Object.values(figures.megabytes));
  const least = Math.ceil((TIMES * most * 1e6) / 2 ** 20);
  return `[The image's](enclave-image.md) file system has ${each.join(' and ')}; nitro-cli wants ${TIMES} times an image's size as memory, which for the file system alone is ${least} MiB, and with AWS's kernel and init about ${figures.leastMiB} MiB. A deployment gives an enclave ${DEPLOYED.enclaveMemory.byDefault.toLocaleString('en-US')} MiB unless told otherwise.`;
}
