/** The API's description and its page, as any server must give them. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { isObject, type JsonObject } from '../../shared/formats/json.ts';
import { type Base, expectOpen, request } from './http-client.ts';
import { validatorOf } from './openapi-check.ts';

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

export function descriptionCases(base: Base): void {
  describe('GET /openapi.json', () => {
    it('is valid OpenAPI 3.1 by a real validator', async () => {
      const answer = await request(base, '/openapi.json');
      expect(answer.status).toBe(200);
      expectOpen(answer);
      const validator = new Validator();
      const result = await validator.validate({ ...objectOf(answer.json) });
      expect(result).toEqual({ valid: true });
      expect(validator.version).toBe('3.1');
      // And the validator can say no.
      const broken = { ...objectOf(answer.json), paths: { 'no-slash': { get: { responses: 5 } } } };
      expect((await new Validator().validate(broken)).valid).toBe(false);
    });

    it('describes each call with an id of its own, a tag, a summary, an example that fits, and failures', async () => {
      const document = objectOf((await request(base, '/openapi.json')).json);
      const ajv = validatorOf(document);
      const tags = (document['tags'] as JsonObject[]).map(({ name }) => name);
      const ids: unknown[] = [];
      for (const [path, item] of Object.entries(objectOf(document['paths']))) {
        for (const [method, operation] of Object.entries(objectOf(item))) {
          const place = `${method} ${path}`;
          const { operationId, summary, responses, tags: own } = objectOf(operation);
          ids.push(operationId);
          expect(operationId, place).toMatch(/^[a-z][A-Za-z]+$/);
          expect(summary, place).toMatch(/\w/);
          expect(own, place).toHaveLength(1);
          expect(tags, place).toContain((own as unknown[])[0]);
          expect(Object.keys(objectOf(responses)), place).toContain('500');
          if (!['/healthz', '/metrics'].includes(path)) expect(Object.keys(objectOf(responses)), place).toContain('429'); // prettier-ignore
          for (const [status, response] of Object.entries(objectOf(responses))) {
            for (const [type, content] of Object.entries(objectOf(objectOf(response)['content']))) {
              const { schema, example } = objectOf(content);
              // What a reader's browser opens says no as a page.
              const page = ['/t/{id}', '/e/{id}'].includes(path) ? ['text/html'] : [];
              if (Number(status) >= 400) expect(['application/problem+json', ...page], place).toContain(type);
              if (example === undefined || typeof schema !== 'object') continue;
              const check = ajv.compile({ ...objectOf(schema), components: document['components'] });
              expect(check(example) ? '' : `${place} ${status}: ${ajv.errorsText(check.errors)}`).toBe('');
            }
          }
        }
      }
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining(['tokenize', 'tokenizeShort', 'detokenize', 'listModels', 'health', 'describe', 'docs', 'storeTrace', 'readTrace', 'deleteTrace', 'cardSvg', 'cardPng', 'oembed', 'tracePage', 'framePage'])); // prettier-ignore
    });
  });

  describe('GET /docs', () => {
    it('is a page of every call, without scripts or anybody else’s files', async () => {
      const { status, headers, text } = await request(base, '/docs');
      expect([status, headers.get('Content-Type')]).toEqual([200, 'text/html; charset=UTF-8']);
      expect(headers.get('Content-Security-Policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; /,
      );
      expect(text).not.toMatch(
        /<script|javascript:|\son\w+=|https?:\/\/(?!localhost:8787)[^ <]*\.(?:js|css)/i,
      );
      const paths = objectOf(objectOf((await request(base, '/openapi.json')).json)['paths']);
      for (const path of Object.keys(paths)) expect(text).toContain(`<code>${path}</code>`);
      const ids = Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    });
  });
}
