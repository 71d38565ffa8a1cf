/** The calls as types, for clients made of them (`hc` of hono/client): nothing here runs. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Env, Hono, Schema } from 'hono';
import type { detokenizeRoute } from './routes/detokenize.ts';
import type { healthRoute } from './routes/health.ts';
import type { modelsRoute } from './routes/models.ts';
import type { tokenizeRoutes } from './routes/tokenize.ts';
import type { traceRoutes } from './routes/traces.ts';

type SchemaOf<App> = App extends OpenAPIHono<Env, infer S extends Schema> ? S : never;

/** What a client knows of the server. */
export type AppType = Hono<
  Env,
  SchemaOf<ReturnType<typeof modelsRoute>> &
    SchemaOf<ReturnType<typeof tokenizeRoutes>> &
    SchemaOf<ReturnType<typeof detokenizeRoute>> &
    SchemaOf<ReturnType<typeof traceRoutes>> &
    SchemaOf<ReturnType<typeof healthRoute>>
>;
