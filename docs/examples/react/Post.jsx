// A post whose lens is React's: it picks the trace and the prompt, and hears what the reader does.
import { useState } from 'react';
import 'residscope/embed';

const traces = {
  Japan: new URL('../traces/japan.trace.json', import.meta.url).href,
  Italy: new URL('../traces/italy.trace.json', import.meta.url).href,
};

export function Post() {
  const [country, setCountry] = useState('Japan');
  const [prompt, setPrompt] = useState('The capital of Japan is');
  const [heard, setHeard] = useState('Choose a cell.');
  return (
    <main>
      <h1>Where is the answer?</h1>
      <label>
        Country{' '}
        <select value={country} onChange={({ target }) => setCountry(target.value)}>
          {Object.keys(traces).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>{' '}
      <label>
        Live prompt <input value={prompt} onChange={({ target }) => setPrompt(target.value)} />
      </label>
      <residscope-lens
        host={import.meta.env.VITE_RESIDSCOPE_HOST}
        trace={traces[country]}
        prompt={prompt}
        top-k={3}
        onresidscope-select={({ detail }) => setHeard(`Layer ${detail.layer}, “${detail.token}”`)}
        onresidscope-run={({ detail }) => setHeard(`Ran “${detail.prompt}”`)}
      />
      <output>{heard}</output>
    </main>
  );
}
