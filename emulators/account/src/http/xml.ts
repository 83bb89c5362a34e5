// SPDX-License-Identifier: Apache-2.0

/** What is written as XML: objects as elements, lists as repeated ones. Undefined members are left out. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [member: string]: Xml };

/**
 * An element. @param item name of the elements of lists; null: lists are flat, each value an element of the member's name
 */
export function element(name: string, value: Xml, item: string | null = 'member'): string {
  if (value === undefined) return '';
  if (isList(value)) {
    if (item === null) return value.map((one) => element(name, one, item)).join('');
    return `<${name}>${value.map((one) => element(item, one, item)).join('')}</${name}>`;
  }
  if (typeof value === 'object') {
    const inner = Object.entries(value).map(([member, one]) => element(member, one, item));
    return `<${name}>${inner.join('')}</${name}>`;
  }
  return `<${name}>${escaped(String(value))}</${name}>`;
}

function isList(value: Xml): value is readonly Xml[] {
  return Array.isArray(value);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Texts of all elements of a name, wherever they are: enough for the few bodies that clients send as XML. */
export function textsOf(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );
}
