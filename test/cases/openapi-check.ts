/**
 * Holds every answer of a suite against the server's own description: status, media type, headers and body. What the
 * description doesn't have is a failure.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { isObject, type JsonObject } from '../../shared/formats/json.ts';
import type { Answer } from './http-client.ts';

interface Described {
  readonly document: JsonObject;
  readonly ajv: Ajv2020;
}

const descriptions = new Map<string, Promise<Described>>();

/** @param server without a slash at the end. */
export function describedBy(server: string): Promise<Described> {
  const known = descriptions.get(server) ?? load(server);
  descriptions.set(server, known);
  return known;
}

async function load(server: string): Promise<Described> {
  const response = await fetch(`${server}/openapi.json`);
  const document: unknown = await response.json();
  if (!isObject(document) || !isObject(document['paths'])) throw new Error('/openapi.json: no paths in it');
  return { document, ajv: validatorOf(document) };
}

/** A validator that knows the document as `api`. */
export function validatorOf(document: JsonObject): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
  addFormats(ajv);
  ajv.addSchema(document, 'api');
  return ajv;
}

/** What is wrong with an answer; empty when it is as described. Static files are no answers of the API. */
export async function complaints(
  server: string,
  method: string,
  path: string,
  answer: Answer,
): Promise<string[]> {
  const described = await describedBy(server);
  const paths = objectOf(described.document['paths']);
  const { pathname } = new URL(path, 'http://localhost');
  const template = Object.keys(paths).find((each) => fits(each, pathname));
  if (template === undefined) return answer.status < 400 && !pathname.startsWith('/v1') ? [] : problemOnly(described, answer); // prettier-ignore
  if (method === 'OPTIONS')
    return [204, 405].includes(answer.status) ? [] : [`OPTIONS: status ${answer.status}`];
  const item = objectOf(paths[template]);
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  const operation = item[verb];
  if (!isObject(operation)) return answer.status === 405 ? problemOnly(described, answer, method) : [`${method}: not described, answered ${answer.status}`]; // prettier-ignore
  const response = objectOf(operation['responses'])[answer.status];
  if (!isObject(response)) return [`status ${answer.status}: not described. ${answer.text.slice(0, 200)}`];
  const pointer = ['paths', template, verb, 'responses', String(answer.status)];
  return [
    ...wrongHeaders(described, pointer, response, answer),
    ...wrongBody(described, pointer, response, method, answer),
  ];
}

function wrongHeaders(
  { ajv }: Described,
  pointer: readonly string[],
  response: JsonObject,
  answer: Answer,
): string[] {
  return Object.entries(objectOf(response['headers'])).flatMap(([name, header]) => {
    const value = answer.headers.get(name);
    if (value === null) return objectOf(header)['required'] === true ? [`${name}: missing`] : [];
    const check = compile(ajv, [...pointer, 'headers', name, 'schema']);
    return check(value) ? [] : [`${name}: ${JSON.stringify(value)}: ${ajv.errorsText(check.errors)}`];
  });
}

function wrongBody(
  { ajv }: Described,
  pointer: readonly string[],
  response: JsonObject,
  method: string,
  answer: Answer,
): string[] {
  const content = objectOf(response['content']);
  const type = essenceOf(answer);
  const types = Object.keys(content);
  if (types.length === 0) return answer.text === '' ? [] : [`expected no body, got ${type}`];
  if (!types.includes(type)) return [`Content-Type: expected ${types.join(' or ')}, got ${type || 'none'}`];
  if (method === 'HEAD' || !isObject(objectOf(content[type])['schema'])) return [];
  const check = compile(ajv, [...pointer, 'content', type, 'schema']);
  const body = /json/.test(type) ? answer.json : answer.text;
  return check(body) ? [] : [`body: ${ajv.errorsText(check.errors)}: ${answer.text.slice(0, 200)}`];
}

/** What no call answers: a problem of a known kind. */
function problemOnly({ ajv }: Described, answer: Answer, method = 'GET'): string[] {
  const type = essenceOf(answer);
  if (answer.status < 400 || type !== 'application/problem+json') {
    return answer.text === '' ? [] : [`expected a problem, got ${answer.status} ${type}`];
  }
  const check = compile(ajv, ['components', 'schemas', 'Problem']);
  return method === 'HEAD' || answer.text === '' || check(answer.json) ? [] : [`problem: ${ajv.errorsText(check.errors)}`]; // prettier-ignore
}

function compile(ajv: Ajv2020, pointer: readonly string[]): ValidateFunction {
  const parts = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
  const reference = `api#/${parts.join('/')}`;
  const check = ajv.getSchema(reference);
  if (!check) throw new Error(`${reference}: no schema there`);
  return check;
}

/** `/v1/traces/{id}` takes one part of a path. */
function fits(template: string, path: string): boolean {
  const parts = template.split(/\{[^}]+\}/).map((part) => part.replace(/[.*+?^$()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}$`).test(path);
}

function essenceOf({ headers }: Answer): string {
  return headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase() ?? '';
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
