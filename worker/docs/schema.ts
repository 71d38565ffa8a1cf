/** A JSON schema as a type that people read, with its descriptions as comments. */
import { isObject, type JsonObject } from '../../shared/formats/json.ts';

/** Deeper than any schema here: one that names itself ends. */
const DEEPEST = 12;

/** `{ ids: integer[]; bos?: "auto" | boolean }`, over several lines where it is an object. */
export function typeOf(api: JsonObject, schema: unknown, indent = '', depth = 0): string {
  if (!isObject(schema) || depth > DEEPEST) return 'any';
  const again = (inner: unknown, more = ''): string => typeOf(api, inner, indent + more, depth + 1);
  const reference = schema['$ref'];
  if (typeof reference === 'string') return again(resolve(api, reference));
  if ('const' in schema) return JSON.stringify(schema['const']);
  for (const [keyword, joint] of [
    ['enum', ' | '],
    ['anyOf', ' | '],
    ['oneOf', ' | '],
    ['allOf', ' & '],
  ] as const) {
    const parts = schema[keyword];
    if (!Array.isArray(parts)) continue;
    return parts
      .map((part: unknown) => (keyword === 'enum' ? JSON.stringify(part) : again(part)))
      .join(joint);
  }
  const { type, properties } = schema;
  if (Array.isArray(type)) return type.map(String).join(' | ');
  if (type === 'array') {
    const tuple = schema['prefixItems'];
    if (Array.isArray(tuple)) return `[${tuple.map((part: unknown) => again(part)).join(', ')}]`;
    const item = again(schema['items']);
    return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
  }
  if (!isObject(properties)) return typeof type === 'string' ? type : 'any';
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const lines = Object.entries(properties).map(([name, member]) => {
    const words = isObject(member) && typeof member['description'] === 'string' ? member['description'] : '';
    const comment = words === '' ? '' : `  // ${words.replaceAll('\n', ' ')}`;
    return `${indent}  ${name}${required.includes(name) ? '' : '?'}: ${again(member, '  ')};${comment}`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

/** `#/components/schemas/Problem` */
function resolve(api: JsonObject, reference: string): unknown {
  let found: unknown = api;
  for (const part of reference.replace(/^#\//, '').split('/')) {
    found = isObject(found) ? found[part] : undefined;
  }
  return found;
}
