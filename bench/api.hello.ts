/** The least that a Hono app can be: what a request costs on a platform before anything of ours runs. */
import { Hono } from 'hono';

const app = new Hono();
app.get('/hello', (c) => c.text('hello'));
app.get('/healthz', (c) => c.text('ok'));

export default app;
