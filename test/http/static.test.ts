/** Static files on every platform: Cloudflare's own server of them, and ours on Deno. */
import { describe } from 'vitest';
import { staticCases } from '../cases/http-static.ts';
import { PLATFORMS, serving } from '../support/platforms.ts';

describe.each(PLATFORMS)('on %s', (_, start) => staticCases(serving(start).base));
