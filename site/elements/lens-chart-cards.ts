/** The cards with charts, in one file to fetch. */
import './certainty.ts';
import './pins.ts';
